// Quantisers: floats to the bytes that ggml's quantiser gives (`ggml-quants.c`, compiled without fused multiply-adds).
//
// ggml searches the scale of each sub-block of 16 or 32 columns by trial, summing column by column. Here a vector lane
// is a sub-block: sixteen are searched at once, and within a lane every sum has ggml's order, so the bits agree.
#ifndef STOA_QUANTIZE_H
#define STOA_QUANTIZE_H

#include <string.h>

#include "blocks.h"

// 64-byte vectors never cross a call by value, since everything that takes one is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

enum { LANES = 16, MAX_SUB_BLOCK = 32 };

typedef float lanes __attribute__((vector_size(64)));
typedef int32_t lane_mask __attribute__((vector_size(64)));

#define INLINE static inline __attribute__((always_inline))

INLINE lanes all_lanes(float x) { return (lanes){0} + x; }

/// Lanes of `yes` where the mask is all ones, lanes of `no` where it is zero.
INLINE lanes choose(lane_mask mask, lanes yes, lanes no) {
  return (lanes)(((lane_mask)yes & mask) | ((lane_mask)no & ~mask));
}

INLINE lanes magnitude(lanes x) { return (lanes)((lane_mask)x & 0x7fffffff); }

/// ggml's `nearest_int`: half to even within ±2^22, 0 for a NaN, and wrapped beyond, which callers clamp.
INLINE lanes nearest(lanes x) {
  return (lanes)(((lane_mask)(x + 12582912.0f) & 0x7fffff) | 0x4b000000) - 12582912.0f;
}

INLINE int nearest_integer(float x) { return (int)(float_bits(x + 12582912.0f) & 0x7fffff) - 0x400000; }

INLINE lanes clamp(lanes x, float low, float high) {
  return __builtin_elementwise_min(__builtin_elementwise_max(x, all_lanes(low)), all_lanes(high));
}

INLINE int clamp_integer(int x, int low, int high) { return x < low ? low : x > high ? high : x; }

/// Up to 16 sub-blocks of n columns, one in each lane; lanes past `count` are zero.
INLINE void gather(const float *x, int n, int count, lanes *out) {
  float transposed[MAX_SUB_BLOCK * LANES] = {0};
  for (int lane = 0; lane < count; lane++) {
    for (int i = 0; i < n; i++) transposed[i * LANES + lane] = x[lane * n + i];
  }
  memcpy(out, transposed, (size_t)n * sizeof *out);
}

/// The codes of up to 16 sub-blocks, back in column order.
INLINE void scatter(const lanes *codes, int n, int count, uint8_t *out) {
  float transposed[MAX_SUB_BLOCK * LANES];
  memcpy(transposed, codes, (size_t)n * sizeof *codes);
  for (int lane = 0; lane < count; lane++) {
    for (int i = 0; i < n; i++) out[lane * n + i] = (uint8_t)(int)transposed[i * LANES + lane];
  }
}

/// Weights of columns for the search: importance times sqrt(spread + x^2), and their sum in each lane.
INLINE lanes weigh(int n, const lanes *x, const lanes *importance, lanes spread, lanes *weights) {
  lanes sum = {0};
  for (int i = 0; i < n; i++) {
    weights[i] = importance[i] * __builtin_elementwise_sqrt(spread + x[i] * x[i]);
    sum += weights[i];
  }
  return sum;
}

/// Columns in ascending order, as ggml sums them.
INLINE float sum_of_squares(const float *x, size_t n) {
  float sum = 0;
  for (size_t i = 0; i < n; i++) sum += x[i] * x[i];
  return sum;
}

/// Stores a scale as binary16; 0 when it is beyond that type.
INLINE int store_scale(uint8_t *out, float scale) {
  uint32_t bits = float_bits(scale) & 0x7fffffff;
  uint16_t half = float_to_half(scale);
  memcpy(out, &half, 2);
  return bits < 0x477ff000u;  // 65520, which would round to infinity
}

/// x ≈ scale * code - minimum with codes 0...levels and minimum >= 0 (ggml `make_qkx2_quants`, `make_qkx3_quants`).
///
/// Tries the inverse scales (first + step * i + levels) / (max - min), i = 0...steps, refines each by least squares and
/// keeps the one with the smallest weighted error, absolute or squared.
typedef struct minimum_search {
  int columns, levels;
  float first, step;
  int steps, absolute;
} minimum_search;
void stoa_fit_minimum(minimum_search search, const lanes *x, const lanes *weights, lanes *codes, lanes *scale,
                      lanes *minimum);

/// x ≈ scale * (code - levels) with codes 0..<2 * levels (ggml `make_qx_quants`); weights null for x^2.
void stoa_fit_signed(int columns, int levels, const lanes *x, const lanes *weights, lanes *codes, lanes *scale);

/// The same for Q3_K, one code changed at a time (ggml `make_q3_quants`).
void stoa_fit_descent(int columns, int levels, const lanes *x, lanes *codes, lanes *scale);

/// Values >= 0 as scale * code with codes 0...levels (ggml `make_qp_quants`); returns the scale.
float stoa_fit_unsigned(int count, int levels, const float *x, const float *weights, uint8_t *codes);

/// One row each; they return 1 + the index of the first block whose scale binary16 cannot hold, or 0.
size_t stoa_quantize_row_32(stoa_type type, const float *x, size_t columns, const float *importance, uint8_t *out);
size_t stoa_quantize_row_k(stoa_type type, const float *x, size_t columns, const float *importance, uint8_t *out);
size_t stoa_quantize_row_iq4(stoa_type type, const float *x, size_t columns, const float *importance, uint8_t *out);

#endif
