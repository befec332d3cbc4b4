// Scalar conversions and functions that every instruction set must reproduce to the bit.
#ifndef STOA_NUMERICS_H
#define STOA_NUMERICS_H

#include <stdint.h>
#include <string.h>

static inline uint32_t float_bits(float x) {
  uint32_t u;
  memcpy(&u, &x, 4);
  return u;
}

static inline float bits_float(uint32_t u) {
  float x;
  memcpy(&x, &u, 4);
  return x;
}

/// IEEE binary16 to binary32, exact.
static inline float half_to_float(uint16_t h) {
  uint32_t sign = (uint32_t)(h & 0x8000) << 16, exponent = (h >> 10) & 31, mantissa = h & 0x3ff;
  if (exponent == 31) {
    // Conversion instructions make a signalling NaN quiet.
    return bits_float(sign | 0x7f800000u | (mantissa << 13) | (mantissa ? 0x400000u : 0));
  }
  if (exponent == 0) {
    float value = (float)mantissa * 0x1p-24f;
    return bits_float(sign | float_bits(value));
  }
  return bits_float(sign | ((exponent + 112) << 23) | (mantissa << 13));
}

/// binary32 to IEEE binary16, nearest even; finite values beyond the range become the largest finite one.
static inline uint16_t float_to_half(float x) {
  uint32_t u = float_bits(x), sign = (u >> 16) & 0x8000, magnitude = u & 0x7fffffff;
  if (magnitude > 0x7f800000u) return (uint16_t)(sign | 0x7e00 | ((magnitude >> 13) & 0x3ff));
  if (magnitude == 0x7f800000u) return (uint16_t)(sign | 0x7c00);
  if (magnitude > 0x477fe000u) return (uint16_t)(sign | 0x7bff);
  if (magnitude < 0x38800000u) {
    // Subnormal result: adding 0.5 aligns the mantissa so that the addition rounds to nearest even.
    float shifted = bits_float(magnitude) + 0.5f;
    return (uint16_t)(sign | (float_bits(shifted) - 0x3f000000u));
  }
  uint32_t rounded = magnitude + 0xfff + ((magnitude >> 13) & 1);
  return (uint16_t)(sign | ((rounded - 0x38000000u) >> 13));
}

static inline float bfloat_to_float(uint16_t b) { return bits_float((uint32_t)b << 16); }

static inline uint16_t load_u16(const void *p) {
  uint16_t v;
  memcpy(&v, p, 2);
  return v;
}

static inline int16_t load_i16(const void *p) {
  int16_t v;
  memcpy(&v, p, 2);
  return v;
}

// exp(x) = 2^n * p(r), n = rint(x / ln 2), r = x - n ln 2 in two parts; p is the degree-6 minimax-like Taylor form.
// Arguments below EXP_LOW give 0, above EXP_HIGH they saturate.
#define EXP_LOW -87.0f
#define EXP_HIGH 88.0f
#define EXP_LOG2E 0x1.715476p+0f
#define EXP_LN2_HIGH 0x1.62e4p-1f
#define EXP_LN2_LOW 0x1.7f7d1cp-20f
#define EXP_C6 0x1.6c16c2p-10f
#define EXP_C5 0x1.111112p-7f
#define EXP_C4 0x1.555556p-5f
#define EXP_C3 0x1.555556p-3f
#define EXP_C2 0.5f
#define EXP_ROUND 12582912.0f  // 1.5 * 2^23: adding it leaves the nearest integer in the low mantissa bits.

/// The canonical exponential.
static inline float canonical_exp(float x) {
  float clamped = x > EXP_HIGH ? EXP_HIGH : x;
  float shifted = __builtin_fmaf(clamped, EXP_LOG2E, EXP_ROUND);
  float n = shifted - EXP_ROUND;
  float r = __builtin_fmaf(n, -EXP_LN2_HIGH, clamped);
  r = __builtin_fmaf(n, -EXP_LN2_LOW, r);
  float p = EXP_C6;
  p = __builtin_fmaf(p, r, EXP_C5);
  p = __builtin_fmaf(p, r, EXP_C4);
  p = __builtin_fmaf(p, r, EXP_C3);
  p = __builtin_fmaf(p, r, EXP_C2);
  p = __builtin_fmaf(p, r, 1.0f);
  p = __builtin_fmaf(p, r, 1.0f);
  // Shifting left drops everything but n, whose sign takes care of itself modulo 2^9.
  float result = bits_float(float_bits(p) + (float_bits(shifted) << 23));
  return x < EXP_LOW ? 0.0f : result;
}

// erf by Abramowitz and Stegun, 7.1.26: the error is below 1.5e-7.
#define ERF_P 0.3275911f
#define ERF_A1 0.254829592f
#define ERF_A2 -0.284496736f
#define ERF_A3 1.421413741f
#define ERF_A4 -1.453152027f
#define ERF_A5 1.061405429f
#define SQRT_HALF 0.70710678f

#define GELU_CUBIC 0.044715f
#define GELU_SLOPE 0.79788456f  // sqrt(2 / pi)

// gpt-oss, transformers' modeling_gpt_oss.py.
#define OAI_LIMIT 7.0f
#define OAI_SLOPE 1.702f

#endif
