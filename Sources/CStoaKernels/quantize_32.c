// Q4_0, Q4_1, Q5_0, Q5_1 and Q8_0: blocks of 32 columns with one scale, and a minimum in the _1 types.
#include "quantize.h"

enum { BLOCK = 32 };

/// A block's first bytes: the scale, and the minimum of the types that have one.
static int store_header(uint8_t *block, float scale, int has_minimum, float minimum) {
  int fits = store_scale(block, scale);
  return has_minimum ? fits & store_scale(block + 2, minimum) : fits;
}

static void store_codes(stoa_type type, const uint8_t *codes, uint8_t *block) {
  switch (type) {
    case STOA_Q4_0: pack_nibbles(codes, block + 2); break;
    case STOA_Q4_1: pack_nibbles(codes, block + 4); break;
    case STOA_Q5_0:
      pack_fifth_bits(codes, block + 2);
      pack_nibbles(codes, block + 6);
      break;
    default:
      pack_fifth_bits(codes, block + 4);
      pack_nibbles(codes, block + 8);
  }
}

/// x cut off to an integer. Where the scale is too small to have a reciprocal, x is infinite or NaN and the code 0.
static int8_t cut(float x) { return x > -129.0f && x < 128.0f ? (int8_t)x : 0; }

/// Half away from zero, and 0 as above.
static int8_t round_away(float x) {
  int8_t whole = cut(x);
  float rest = x - (float)whole;
  return (int8_t)(rest >= 0.5f && rest < 1 ? whole + 1 : rest <= -0.5f && rest > -1 ? whole - 1 : whole);
}

/// The value with the largest magnitude becomes the lowest code, -levels.
static int quantize_signed(stoa_type type, int levels, const float *x, uint8_t *block) {
  float largest = 0, extreme = 0;
  for (int i = 0; i < BLOCK; i++) {
    float size = __builtin_fabsf(x[i]);
    if (largest < size) {
      largest = size;
      extreme = x[i];
    }
  }
  float d = extreme / (float)-levels, inverse = d != 0 ? 1.0f / d : 0.0f;
  uint8_t codes[BLOCK];
  for (int i = 0; i < BLOCK; i++) {
    int8_t code = cut(x[i] * inverse + ((float)levels + 0.5f));
    codes[i] = (uint8_t)(code < 2 * levels ? code : 2 * levels - 1);
  }
  store_codes(type, codes, block);
  return store_header(block, d, 0, 0);
}

/// The smallest value becomes code 0 and the largest code `levels`.
static int quantize_with_minimum(stoa_type type, int levels, const float *x, uint8_t *block) {
  float low = x[0], high = x[0];
  for (int i = 1; i < BLOCK; i++) {
    if (x[i] < low) low = x[i];
    if (x[i] > high) high = x[i];
  }
  float d = (high - low) / (float)levels, inverse = d != 0 ? 1.0f / d : 0.0f;
  uint8_t codes[BLOCK];
  for (int i = 0; i < BLOCK; i++) {
    int8_t code = cut((x[i] - low) * inverse + 0.5f);
    codes[i] = (uint8_t)(code < levels ? code : levels);
  }
  store_codes(type, codes, block);
  return store_header(block, d, 1, low);
}

static int quantize_q8_0(const float *x, uint8_t *block) {
  float largest = 0;
  for (int i = 0; i < BLOCK; i++) {
    float size = __builtin_fabsf(x[i]);
    if (size > largest) largest = size;
  }
  float d = largest / 127.0f, inverse = d != 0 ? 1.0f / d : 0.0f;
  for (int i = 0; i < BLOCK; i++) block[2 + i] = (uint8_t)round_away(x[i] * inverse);
  return store_header(block, d, 0, 0);
}

/// Sixteen blocks at a time, searched with the importance of the columns.
static size_t quantize_weighted(stoa_type type, const float *x, size_t columns, const float *importance, uint8_t *out) {
  int has_minimum = type == STOA_Q4_1 || type == STOA_Q5_1, five = type == STOA_Q5_0 || type == STOA_Q5_1;
  size_t blocks = columns / BLOCK, bytes = 2 + (has_minimum ? 2 : 0) + (five ? 4 : 0) + 16;
  lanes spread = all_lanes(sum_of_squares(x, columns) / (float)columns);
  for (size_t first = 0; first < blocks; first += LANES) {
    int count = blocks - first < LANES ? (int)(blocks - first) : LANES;
    lanes values[BLOCK], weights[BLOCK], codes[BLOCK], scale, minimum = {0};
    gather(x + first * BLOCK, BLOCK, count, values);
    gather(importance + first * BLOCK, BLOCK, count, weights);
    weigh(BLOCK, values, weights, spread, weights);
    if (has_minimum) {
      minimum_search search = {BLOCK, five ? 31 : 15, -0.9f, 0.05f, 36, 0};
      stoa_fit_minimum(search, values, weights, codes, &scale, &minimum);
    } else {
      stoa_fit_signed(BLOCK, five ? 16 : 8, values, weights, codes, &scale);
    }
    uint8_t bytes_of_codes[LANES * BLOCK];
    scatter(codes, BLOCK, count, bytes_of_codes);
    for (int b = 0; b < count; b++, out += bytes) {
      store_codes(type, bytes_of_codes + b * BLOCK, out);
      if (!store_header(out, scale[b], has_minimum, -minimum[b])) return first + (size_t)b + 1;
    }
  }
  return 0;
}

size_t stoa_quantize_row_32(stoa_type type, const float *x, size_t columns, const float *importance, uint8_t *out) {
  // ggml ignores importance for Q8_0.
  if (importance && type != STOA_Q8_0) return quantize_weighted(type, x, columns, importance, out);
  for (size_t b = 0; b < columns / BLOCK; b++, x += BLOCK) {
    int fits;
    switch (type) {
      case STOA_Q4_0:
        fits = quantize_signed(type, 8, x, out);
        out += 18;
        break;
      case STOA_Q5_0:
        fits = quantize_signed(type, 16, x, out);
        out += 22;
        break;
      case STOA_Q4_1:
        fits = quantize_with_minimum(type, 15, x, out);
        out += 20;
        break;
      case STOA_Q5_1:
        fits = quantize_with_minimum(type, 31, x, out);
        out += 24;
        break;
      default:
        fits = quantize_q8_0(x, out);
        out += 34;
    }
    if (!fits) return b + 1;
  }
  return 0;
}
