// The K-types: super-blocks of 256 columns whose sub-blocks have integer scales, and minima in Q2_K, Q4_K and Q5_K.
#include "quantize.h"

enum { SUPER = 256 };

/// Codes of one sub-block once its scale d (and minimum m) is what the file will say; they stay as the search left them
/// where d is zero.
static void requantize(const float *x, int n, float d, float m, int shift, int levels, uint8_t *codes) {
  if (d == 0) return;
  for (int i = 0; i < n; i++) {
    codes[i] = (uint8_t)(clamp_integer(nearest_integer((x[i] + m) / d), -shift, levels - shift) + shift);
  }
}

// MARK: Types with minima

/// What the search gave for the sub-blocks of one super-block.
typedef struct sub_blocks {
  int count, columns, levels;
  int scale_levels;  ///< The largest integer scale.
  float scales[LANES], minima[LANES], weights[LANES];
} sub_blocks;

/// Integer scales and minima and their binary16 units. Without importance the largest becomes the largest integer; with
/// it the unit is searched.
static int unit_scales(const sub_blocks *s, int weighted, uint8_t *scales, uint8_t *minima, uint8_t *d, uint8_t *dmin) {
  float levels = (float)s->scale_levels, scale_unit, minimum_unit;
  if (weighted) {
    scale_unit = stoa_fit_unsigned(s->count, s->scale_levels, s->scales, s->weights, scales);
    minimum_unit = stoa_fit_unsigned(s->count, s->scale_levels, s->minima, s->weights, minima);
  } else {
    float largest_scale = 0, largest_minimum = 0;
    for (int j = 0; j < s->count; j++) {
      if (s->scales[j] > largest_scale) largest_scale = s->scales[j];
      if (s->minima[j] > largest_minimum) largest_minimum = s->minima[j];
    }
    float inverse_scale = largest_scale > 0 ? levels / largest_scale : 0;
    float inverse_minimum = largest_minimum > 0 ? levels / largest_minimum : 0;
    for (int j = 0; j < s->count; j++) {
      scales[j] = (uint8_t)nearest_integer(inverse_scale * s->scales[j]);
      minima[j] = (uint8_t)nearest_integer(inverse_minimum * s->minima[j]);
    }
    scale_unit = largest_scale / levels;
    minimum_unit = largest_minimum / levels;
  }
  for (int j = 0; j < s->count; j++) {
    if (scales[j] > s->scale_levels) scales[j] = (uint8_t)s->scale_levels;
    if (minima[j] > s->scale_levels) minima[j] = (uint8_t)s->scale_levels;
  }
  return store_scale(d, scale_unit) & store_scale(dmin, minimum_unit);
}

/// One super-block of a type with minima, from the codes and scales of the search.
static int finish_with_minima(stoa_type type, const sub_blocks *s, int weighted, const float *x, uint8_t *codes,
                              uint8_t *block) {
  uint8_t scales[LANES], minima[LANES];
  uint8_t *d = type == STOA_Q2_K ? block + 80 : block, *dmin = d + 2;
  int fits = unit_scales(s, weighted, scales, minima, d, dmin);
  float scale_unit = half_to_float(load_u16(d)), minimum_unit = half_to_float(load_u16(dmin));
  for (int j = 0; j < s->count; j++) {
    int at = j * s->columns;
    requantize(x + at, s->columns, scale_unit * (float)scales[j], minimum_unit * (float)minima[j], 0, s->levels,
               codes + at);
    if (type == STOA_Q2_K) {
      block[j] = scales[j] | (uint8_t)(minima[j] << 4);
    } else {
      pack_scale_and_minimum(block + 4, j, scales[j], minima[j]);
    }
  }
  switch (type) {
    case STOA_Q2_K: pack_pairs_of_bits(codes, block + 16); break;
    case STOA_Q4_K: pack_long_nibbles(codes, block + 16); break;
    default:
      pack_upper_bits(codes, 4, block + 16);
      pack_long_nibbles(codes, block + 48);
  }
  return fits;
}

/// Super-blocks whose sub-blocks fill the lanes: one of Q2_K, two of Q4_K and Q5_K.
static size_t quantize_with_minima(stoa_type type, const float *x, size_t columns, const float *importance,
                                   uint8_t *out) {
  size_t bytes = type == STOA_Q2_K ? 84 : type == STOA_Q4_K ? 144 : 176;
  int n = type == STOA_Q2_K ? 16 : 32, subs = SUPER / n, levels = type == STOA_Q2_K ? 3 : type == STOA_Q4_K ? 15 : 31;
  minimum_search search = {n, levels, -0.9f, 0.05f, 36, 0};
  if (!importance) {
    search.first = type == STOA_Q4_K ? -1.0f : -0.5f;
    search.step = 0.1f;
    search.steps = type == STOA_Q4_K ? 20 : 15;
    search.absolute = type == STOA_Q2_K;
  }
  size_t blocks = columns / SUPER, together = (size_t)(LANES / subs);
  for (size_t first = 0; first < blocks; first += together) {
    int present = blocks - first < together ? (int)(blocks - first) : (int)together;
    lanes values[MAX_SUB_BLOCK], weights[MAX_SUB_BLOCK], codes[MAX_SUB_BLOCK], scale, minimum, sums = {0};
    gather(x, n, present * subs, values);
    if (importance) {
      lanes spread = {0};
      for (int lane = 0; lane < present * subs; lane++) {
        float squares = lane % subs ? spread[lane - 1] : sum_of_squares(x + lane / subs * SUPER, SUPER);
        spread[lane] = squares;
      }
      // Q2_K takes the mean square of the super-block, the others twice that.
      spread = (type == STOA_Q2_K ? spread : 2 * spread) / (float)SUPER;
      gather(importance + first * SUPER, n, present * subs, weights);
      sums = weigh(n, values, weights, spread, weights);
    } else if (type == STOA_Q2_K) {
      for (int i = 0; i < n; i++) weights[i] = magnitude(values[i]);
    } else {
      lanes squares = {0};
      for (int i = 0; i < n; i++) squares += values[i] * values[i];
      lanes spread = __builtin_elementwise_sqrt(squares / (float)n);
      for (int i = 0; i < n; i++) weights[i] = spread + magnitude(values[i]);
    }
    stoa_fit_minimum(search, values, weights, codes, &scale, &minimum);
    uint8_t all_codes[LANES * MAX_SUB_BLOCK];
    scatter(codes, n, present * subs, all_codes);
    for (int b = 0; b < present; b++, x += SUPER, out += bytes) {
      sub_blocks s = {.count = subs, .columns = n, .levels = levels, .scale_levels = type == STOA_Q2_K ? 15 : 63};
      for (int j = 0; j < subs; j++) {
        s.scales[j] = scale[b * subs + j];
        s.minima[j] = minimum[b * subs + j];
        s.weights[j] = sums[b * subs + j];
      }
      if (!finish_with_minima(type, &s, importance != 0, x, all_codes + b * SUPER, out)) return first + (size_t)b + 1;
    }
  }
  return 0;
}

// MARK: Q3_K and Q6_K

/// The scale with the largest magnitude, the first of equals.
static float extreme_scale(const float *scales) {
  float largest = 0, extreme = 0;
  for (int j = 0; j < 16; j++) {
    if (__builtin_fabsf(scales[j]) > largest) {
      largest = __builtin_fabsf(scales[j]);
      extreme = scales[j];
    }
  }
  return extreme;
}

static int quantize_q3_k(const float *x, const float *importance, uint8_t *block) {
  lanes values[16], weights[16], found[16], scale, sums = {0};
  gather(x, 16, 16, values);
  if (importance) {
    gather(importance, 16, 16, weights);
    sums = weigh(16, values, weights, all_lanes(2 * sum_of_squares(x, SUPER) / (float)SUPER), weights);
    stoa_fit_signed(16, 4, values, weights, found, &scale);
  } else {
    stoa_fit_descent(16, 4, values, found, &scale);
  }
  uint8_t codes[SUPER];
  scatter(found, 16, 16, codes);

  float scales[16], unit = 0;
  int shifted[16] = {0};
  memcpy(scales, &scale, sizeof scales);
  if (importance) {
    // The 16 scales are themselves searched like a sub-block; they take one lane.
    lanes in_lane[16] = {{0}}, weight_in_lane[16] = {{0}}, code_in_lane[16], lane_scale;
    for (int j = 0; j < 16; j++) {
      in_lane[j][0] = scales[j];
      weight_in_lane[j][0] = sums[j];
    }
    stoa_fit_signed(16, 32, in_lane, weight_in_lane, code_in_lane, &lane_scale);
    for (int j = 0; j < 16; j++) shifted[j] = (int)code_in_lane[j][0];
    unit = lane_scale[0];
  } else if (extreme_scale(scales) != 0) {
    float inverse = -32.0f / extreme_scale(scales);
    for (int j = 0; j < 16; j++) shifted[j] = clamp_integer((int8_t)nearest_integer(inverse * scales[j]), -32, 31) + 32;
    unit = 1 / inverse;
  }
  memset(block + 96, 0, 12);
  for (int j = 0; j < 16; j++) pack_q3_scale(block + 96, j, shifted[j]);
  int fits = store_scale(block + 108, unit);
  for (int j = 0; j < 16; j++) {
    float d = half_to_float(load_u16(block + 108)) * (float)unpack_q3_scale(block + 96, j);
    requantize(x + 16 * j, 16, d, 0, 4, 7, codes + 16 * j);
  }
  pack_upper_bits(codes, 2, block);
  pack_pairs_of_bits(codes, block + 32);
  return fits;
}

static int quantize_q6_k(const float *x, const float *importance, uint8_t *block) {
  lanes values[16], weights[16], found[16], scale;
  gather(x, 16, 16, values);
  if (importance) gather(importance, 16, 16, weights);
  stoa_fit_signed(16, 32, values, importance ? weights : 0, found, &scale);
  uint8_t codes[SUPER];
  scatter(found, 16, 16, codes);

  float scales[16];
  memcpy(scales, &scale, sizeof scales);
  float extreme = extreme_scale(scales);
  if (__builtin_fabsf(extreme) < 1e-15f) {
    memset(block, 0, 210);
    return 1;
  }
  float inverse = -128.0f / extreme;
  int fits = store_scale(block + 208, 1 / inverse);
  for (int j = 0; j < 16; j++) {
    int integer = nearest_integer(inverse * scales[j]);
    block[192 + j] = (uint8_t)(integer < 127 ? integer : 127);
    float d = half_to_float(load_u16(block + 208)) * (float)(int8_t)block[192 + j];
    requantize(x + 16 * j, 16, d, 0, 32, 63, codes + 16 * j);
  }
  pack_q6_codes(codes, block);
  return fits;
}

size_t stoa_quantize_row_k(stoa_type type, const float *x, size_t columns, const float *importance, uint8_t *out) {
  if (type != STOA_Q3_K && type != STOA_Q6_K) return quantize_with_minima(type, x, columns, importance, out);
  for (size_t b = 0; b < columns / SUPER; b++, x += SUPER) {
    const float *weights = importance ? importance + b * SUPER : 0;
    if (!(type == STOA_Q3_K ? quantize_q3_k : quantize_q6_k)(x, weights, out)) return b + 1;
    out += type == STOA_Q3_K ? 110 : 210;
  }
  return 0;
}
