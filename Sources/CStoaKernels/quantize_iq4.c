// IQ4_NL and IQ4_XS: sub-blocks of 32 columns whose four-bit codes stand for 16 unequal levels; in IQ4_XS eight of them
// share a scale.
#include "quantize.h"

enum { SUB = 32, SUPER = 256 };

static const float LEVELS[16] = {STOA_IQ4_LEVELS};

/// The level nearest to x, the higher one of two at equal distance. Its index is the number of midpoints at or below x;
/// midpoints and distances near them are exact in binary32. A NaN counts as large, as in ggml.
INLINE lanes nearest_level(lanes x) {
  lanes level = all_lanes(LEVELS[0]);
  for (int i = 0; i < 15; i++) {
    lane_mask above = ~(lane_mask)(x < (LEVELS[i] + LEVELS[i + 1]) / 2);
    level += (lanes)(above & (lane_mask)all_lanes(LEVELS[i + 1] - LEVELS[i]));
  }
  return level;
}

static uint8_t nearest_code(float x) {
  uint8_t code = 0;
  for (int i = 0; i < 15; i++) code += !(x < (LEVELS[i] + LEVELS[i + 1]) / 2);
  return code;
}

/// The scale of each lane: the value with the largest magnitude at the lowest level, then that level moved by -7...7.
static lanes search_scale(const lanes *x, const lanes *weights) {
  lanes largest = {0}, max = {0};
  for (int i = 0; i < SUB; i++) {
    lane_mask larger = magnitude(x[i]) > largest;
    largest = choose(larger, magnitude(x[i]), largest);
    max = choose(larger, x[i], max);
  }
  lanes best_scale = {0}, best = {0};
  for (int trial = -8; trial <= 7; trial++) {
    // ggml begins with the reciprocal of max / 127, which is not always -127 / max to the bit.
    lanes inverse = trial == -8 ? 1.0f / (-max / LEVELS[0]) : ((float)trial + LEVELS[0]) / max;
    lanes sum_qx = {0}, sum_q2 = {0};
    for (int i = 0; i < SUB; i++) {
      lanes q = nearest_level(inverse * x[i]), wq = weights[i] * q;
      sum_qx += wq * x[i];
      sum_q2 += wq * q;
    }
    lanes scale = sum_qx / sum_q2;
    lane_mask better = (sum_q2 > 0) & (sum_qx * sum_qx > best * sum_q2);
    if (trial == -8) {
      scale = choose(sum_q2 > 0, scale, all_lanes(0));
      better = (lane_mask){0} - 1;
    }
    best_scale = choose(better, scale, best_scale);
    best = choose(better, scale * sum_qx, best);
  }
  return choose(largest < 1e-15f, all_lanes(0), best_scale);
}

static int finish_block(const float *x, float scale, uint8_t *block) {
  float inverse = scale != 0 ? 1 / scale : 0;
  uint8_t codes[SUB];
  for (int i = 0; i < SUB; i++) codes[i] = nearest_code(inverse * x[i]);
  pack_nibbles(codes, block + 2);
  return store_scale(block, scale);
}

static int finish_super_block(const float *x, const float *scales, uint8_t *block) {
  float largest = 0, extreme = 0;
  for (int j = 0; j < 8; j++) {
    if (__builtin_fabsf(scales[j]) > largest) {
      largest = __builtin_fabsf(scales[j]);
      extreme = scales[j];
    }
  }
  float d = -extreme / 32, inverse = d != 0 ? 1 / d : 0;
  memset(block + 2, 0, 6);
  for (int j = 0; j < 8; j++) {
    int integer = clamp_integer(nearest_integer(inverse * scales[j]), -32, 31), shifted = integer + 32;
    float sub_scale = d * (float)integer, sub_inverse = sub_scale != 0 ? 1 / sub_scale : 0;
    uint8_t codes[SUB];
    for (int i = 0; i < SUB; i++) codes[i] = nearest_code(sub_inverse * x[j * SUB + i]);
    pack_nibbles(codes, block + 8 + 16 * j);
    block[4 + j / 2] |= (uint8_t)((shifted & 15) << (4 * (j % 2)));
    block[2 + j / 4] |= (uint8_t)(shifted >> 4 << (2 * (j % 4)));
  }
  return store_scale(block, d);
}

size_t stoa_quantize_row_iq4(stoa_type type, const float *x, size_t columns, const float *importance, uint8_t *out) {
  size_t subs = columns / SUB, columns_of_block = type == STOA_IQ4_NL ? SUB : SUPER;
  for (size_t first = 0; first < subs; first += LANES) {
    int count = subs - first < LANES ? (int)(subs - first) : LANES;
    const float *chunk = x + first * SUB;
    lanes values[SUB], weights[SUB];
    gather(chunk, SUB, count, values);
    if (importance) {
      lanes spread = {0};
      for (int lane = 0; lane < count; lane++) {
        size_t block = (size_t)lane * SUB / columns_of_block * columns_of_block;
        spread[lane] = sum_of_squares(chunk + block, columns_of_block) * (2.0f / (float)columns_of_block);
      }
      gather(importance + first * SUB, SUB, count, weights);
      weigh(SUB, values, weights, spread, weights);
    } else {
      for (int i = 0; i < SUB; i++) weights[i] = values[i] * values[i];
    }
    lanes found = search_scale(values, weights);
    float scales[LANES];
    memcpy(scales, &found, sizeof scales);
    if (type == STOA_IQ4_NL) {
      for (int b = 0; b < count; b++, out += 18) {
        if (!finish_block(chunk + b * SUB, scales[b], out)) return first + (size_t)b + 1;
      }
    } else {
      for (int b = 0; b < count / 8; b++, out += 136) {
        if (!finish_super_block(chunk + b * SUPER, scales + b * 8, out)) return first / 8 + (size_t)b + 1;
      }
    }
  }
  return 0;
}
