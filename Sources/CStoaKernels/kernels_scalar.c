// The scalar reference: what every other instruction set must equal to the bit. Written to be read, not to be fast.
#include <string.h>

#include "attention.h"
#include "blocks.h"
#include "cache.h"
#include "layout.h"
#include "tables.h"

enum { LANES = 16 };

static const int8_t IQ4_LEVELS[16] = {STOA_IQ4_LEVELS}, MXFP4_LEVELS[16] = {STOA_MXFP4_LEVELS};

/// The fixed tree over 16 partial sums: the upper half is added to the lower half until one is left.
static float tree_sum(float lanes[LANES]) {
  for (int half = LANES / 2; half > 0; half /= 2) {
    for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

// MARK: Activation quantiser

/// Codes, scale and sums of one block. A block whose largest magnitude is below 2^-100 counts as zero; one that holds
/// an infinity or a NaN has a NaN scale, so that the fault shows in the result.
static float quantize_block(const float *x, int n, int8_t *codes, int16_t *sums32, int16_t *sums16) {
  uint32_t largest = 0;
  for (int i = 0; i < n; i++) {
    uint32_t magnitude = float_bits(x[i]) & 0x7fffffff;
    if (magnitude > largest) largest = magnitude;
  }
  float amax = bits_float(largest), inverse = 127.0f / amax;
  int zero = largest < 0x0d800000u, finite = largest < 0x7f800000u;
  for (int i = 0; i < n; i++) {
    float scaled = x[i] * inverse;
    // Adding and subtracting 1.5 * 2^23 rounds to nearest even.
    codes[i] = zero || !finite ? 0 : (int8_t)((scaled + 12582912.0f) - 12582912.0f);
  }
  for (int s = 0; s < n / 32; s++) {
    int sum = 0;
    for (int i = 0; i < 32; i++) sum += codes[s * 32 + i];
    sums32[s] = (int16_t)sum;
  }
  for (int s = 0; sums16 && s < n / 16; s++) {
    int sum = 0;
    for (int i = 0; i < 16; i++) sum += codes[s * 16 + i];
    sums16[s] = (int16_t)sum;
  }
  return zero ? 0.0f : finite ? amax / 127.0f : bits_float(0x7fc00000u);
}

static void quantize32(const float *x, size_t n, int8_t *codes, float *scales, int16_t *sums32) {
  for (size_t b = 0; b < n / 32; b++) {
    scales[b] = quantize_block(x + b * 32, 32, codes + b * 32, sums32 + b, 0);
  }
}

static void quantize256(const float *x, size_t n, int8_t *codes, float *scales, int16_t *sums32, int16_t *sums16) {
  for (size_t b = 0; b < n / 256; b++) {
    scales[b] = quantize_block(x + b * 256, 256, codes + b * 256, sums32 + b * 8, sums16 + b * 16);
  }
}

// MARK: Quantised products

static uint32_t lane_at(const uint8_t *vector, int r) {
  uint32_t lane;
  memcpy(&lane, vector + 4 * r, 4);
  return lane;
}

/// The bit of column c of 32 in a vector of bits.
static int bit_at(const uint8_t *vector, int r, int c) { return vector[4 * r + c % 4] >> (c / 4) & 1; }

/// The value that the code of row r and column c of a block of one row group stands for, before its scale.
static int value_at(stoa_type type, const uint8_t *codes, int r, int c) {
  int quad = c / 4, byte = r * 4 + c % 4;
  switch (type) {
    case STOA_Q8_0: return codes[quad * VECTOR + byte] - 128;
    case STOA_Q4_0:
    case STOA_Q4_1:
    case STOA_Q5_0:
    case STOA_Q5_1:
    case STOA_IQ4_NL:
    case STOA_MXFP4: {
      size_t at = ((size_t)quad % 4 + fifth_vectors(type)) * VECTOR + (size_t)byte;
      int code = quad < 4 ? codes[at] & 15 : codes[at] >> 4;
      if (has_fifth_bits(type)) code |= bit_at(codes, r, c) << 4;
      if (type == STOA_MXFP4) return MXFP4_LEVELS[code];
      return type == STOA_Q4_0 ? code - 8 : type == STOA_Q5_0 ? code - 16 : has_levels(type) ? IQ4_LEVELS[code] : code;
    }
    case STOA_Q2_K: return codes[q2_codes_at((size_t)c / 16) + (size_t)byte] >> (quad % 4 * 2) & 3;
    case STOA_Q3_K: {
      const uint8_t *pair = codes + c / 32 * Q3_K_PAIR;
      int low = pair[c % 32 / 16 * VECTOR + byte] >> (quad % 4 * 2) & 3;
      return (low | bit_at(pair + 2 * VECTOR, r, c % 32) << 2) - 4;
    }
    case STOA_Q4_K:
    case STOA_Q5_K:
    case STOA_IQ4_XS: {
      const uint8_t *part = codes + (size_t)c / 64 * nibble_part(type);
      size_t at = ((size_t)quad % 8 + fifth_vectors(type)) * VECTOR + (size_t)byte;
      int code = c % 64 < 32 ? part[at] & 15 : part[at] >> 4;
      if (has_fifth_bits(type)) code |= bit_at(part + c % 64 / 32 * VECTOR, r, c % 32) << 4;
      return has_levels(type) ? IQ4_LEVELS[code] : code;
    }
    default: {
      const uint8_t *pair = codes + c / 32 * Q6_K_PAIR;
      size_t v = (size_t)quad % 4;
      int upper = quad % 8 >= 4, shift = quad % 2 * 4 + upper * 2;
      int low = pair[q6_low_at(v) + (size_t)byte], high = pair[q6_high_at(v) + (size_t)byte];
      return ((upper ? low >> 4 : low & 15) | (high >> shift & 3) << 4) - 32;
    }
  }
}

/// How a super-block of 256 is divided and where its scales lie.
typedef struct super_block {
  int columns;       ///< Of a sub-block.
  size_t d, dmin;    ///< Offsets among the scales; dmin 0 for types without minima.
} super_block;

static super_block super_block_of(stoa_type type) {
  switch (type) {
    case STOA_Q2_K: return (super_block){16, 0, MINIMA};
    case STOA_Q3_K: return (super_block){16, Q3_K_D, 0};
    case STOA_Q6_K: return (super_block){16, Q6_K_D, 0};
    case STOA_IQ4_XS: return (super_block){32, IQ4_XS_D, 0};
    default: return (super_block){32, Q4_K_D, Q4_K_DMIN};
  }
}

/// The integer scale of sub-block j of row r.
static int scale_at(stoa_type type, const uint8_t *codes, const uint8_t *scales, int r, int j) {
  int pair = j / 2 * 2 * GROUP + 2 * r + j % 2;
  switch (type) {
    case STOA_Q2_K: return codes[q2_scale_at((size_t)j, (size_t)r)] & 15;
    case STOA_Q3_K: {
      int p = j / 2, half = j % 2 * 16;
      uint32_t low = lane_at(scales + p / 4 * VECTOR, r) >> (half + p % 4 * 4) & 15;
      return (int)(low | (lane_at(scales + Q3_K_UPPER, r) >> (half + p * 2) & 3) << 4) - 32;
    }
    case STOA_Q6_K: return (int8_t)scales[pair];
    case STOA_IQ4_XS: {
      int upper = load_u16(scales + IQ4_XS_UPPER + 2 * r) >> (2 * j) & 3;
      return (int)(lane_at(scales, r) >> (4 * j) & 15) + upper * 16 - 32;
    }
    default: return scales[j * GROUP + r];
  }
}

static int minimum_at(stoa_type type, const uint8_t *codes, const uint8_t *scales, int r, int j) {
  if (type == STOA_Q2_K) return codes[q2_scale_at((size_t)j, (size_t)r)] >> 4;
  return scales[Q4_K_MINIMA + j / 2 * 2 * GROUP + 2 * r + j % 2];
}

static int dot_codes(stoa_type type, const uint8_t *codes, int r, int first, int count, const int8_t *x) {
  int sum = 0;
  for (int c = first; c < first + count; c++) sum += value_at(type, codes, r, c) * x[c];
  return sum;
}

/// Adds one block of 32 to acc.
static float add_block(stoa_type type, float acc, const uint8_t *codes, const uint8_t *scales, int r, const int8_t *x,
                       float x_scale, int x_sum) {
  uint16_t scale = load_u16(scales + 2 * r);
  float d = type == STOA_MXFP4 ? bfloat_to_float(scale) : half_to_float(scale);
  acc = __builtin_fmaf((float)dot_codes(type, codes, r, 0, 32, x), d * x_scale, acc);
  if (!has_minimum(type)) return acc;
  float m = half_to_float(load_u16(scales + MINIMA + 2 * r));
  return __builtin_fmaf((float)x_sum, m * x_scale, acc);
}

/// Adds one super-block of 256 to acc; `x_sums` are the sums of its sub-blocks' activations.
static float add_super_block(stoa_type type, float acc, const uint8_t *codes, const uint8_t *scales, int r,
                             const int8_t *x, float x_scale, const int16_t *x_sums) {
  super_block s = super_block_of(type);
  int total = 0, minima = 0;
  for (int j = 0; j < 256 / s.columns; j++) {
    total += scale_at(type, codes, scales, r, j) * dot_codes(type, codes, r, j * s.columns, s.columns, x);
    if (s.dmin) minima += minimum_at(type, codes, scales, r, j) * x_sums[j];
  }
  acc = __builtin_fmaf((float)total, half_to_float(load_u16(scales + s.d + 2 * r)) * x_scale, acc);
  if (!s.dmin) return acc;
  return __builtin_fmaf(-(float)minima, half_to_float(load_u16(scales + s.dmin + 2 * r)) * x_scale, acc);
}

/// One output: per block in ascending order, exact integers and then one or two fused multiply-adds.
static float dot_quantized(const stoa_matmul *job, const uint8_t *group, int r, size_t token) {
  layout l = layout_of(job->type);
  size_t columns = job->x.columns, blocks = columns / l.columns;
  const int8_t *x = job->x.codes + token * columns;
  const float *x_scales = job->x.scales + token * blocks;
  const int16_t *sums32 = job->x.sums32 + token * (columns / 32);
  float acc = 0;
  for (size_t b = 0; b < blocks; b++, x += l.columns) {
    const uint8_t *codes = group + codes_at(l, b), *scales = group + scales_at(l, b);
    if (l.columns == 32) {
      acc = add_block(job->type, acc, codes, scales, r, x, x_scales[b], sums32[b]);
    } else {
      const int16_t *sums = job->type == STOA_Q2_K ? job->x.sums16 + token * (columns / 16) + b * 16 : sums32 + b * 8;
      acc = add_super_block(job->type, acc, codes, scales, r, x, x_scales[b], sums);
    }
  }
  return acc;
}

// MARK: Float products

static float weight_at(const stoa_matmul *job, size_t index) {
  switch (job->type) {
    case STOA_F16: return half_to_float(load_u16((const uint8_t *)job->weights + 2 * index));
    case STOA_BF16: return bfloat_to_float(load_u16((const uint8_t *)job->weights + 2 * index));
    default: {
      float w;
      memcpy(&w, (const uint8_t *)job->weights + 4 * index, 4);
      return w;
    }
  }
}

/// 16 partial sums, column c in sum c mod 16, each a chain of fused multiply-adds in ascending order; then the tree.
static float dot_float(const stoa_matmul *job, size_t row, size_t token) {
  size_t columns = job->x.columns;
  float lanes[LANES] = {0};
  for (size_t c = 0; c < columns; c++) {
    lanes[c % LANES] =
        __builtin_fmaf(weight_at(job, row * columns + c), job->x.values[token * columns + c], lanes[c % LANES]);
  }
  return tree_sum(lanes);
}

static void matmul(const stoa_matmul *job, size_t group_begin, size_t group_end) {
  layout l = layout_of(job->type);
  size_t last = group_end * GROUP < job->rows ? group_end * GROUP : job->rows;
  for (size_t row = group_begin * GROUP; row < last; row++) {
    for (size_t t = 0; t < job->x.tokens; t++) {
      job->y[t * job->y_stride + row] =
          l.columns == 0 ? dot_float(job, row, t)
                         : dot_quantized(job, (const uint8_t *)job->weights + row / GROUP * group_bytes(l, job->x.columns),
                                         (int)(row % GROUP), t);
    }
  }
}

// MARK: Attention

/// Element `index` of a block after its scales; `scale` is the index of its scale.
static float cached(stoa_cache_type type, const uint8_t *block, size_t width, size_t index, size_t scale) {
  const uint8_t *elements = block + cache_scale_bytes(type, width);
  switch (type) {
    case STOA_CACHE_F32: {
      float x;
      memcpy(&x, elements + 4 * index, 4);
      return x;
    }
    case STOA_CACHE_F16: return half_to_float(load_u16(elements + 2 * index));
    case STOA_CACHE_Q8_0: return (float)(int8_t)elements[index] * half_to_float(load_u16(block + 2 * scale));
  }
}

static float cached_key(const stoa_attention *job, size_t block, size_t d, size_t k) {
  const uint8_t *keys = job->pages[block] + job->key_offset;
  return cached(job->cache, keys, job->head_dim, d * STOA_KEY_BLOCK + k, d / CACHE_RUN * STOA_KEY_BLOCK + k);
}

static float cached_value(const stoa_attention *job, size_t block, size_t d, size_t k) {
  size_t width = job->value_stride;
  if (width == 0) return cached_key(job, block, d, k);
  const uint8_t *values = job->pages[block] + job->value_offset;
  return cached(job->cache, values, width, k * width + d, k * cache_runs(width) + d / CACHE_RUN);
}

/// c * tanh(x / c), by 1 - tanh = 2e / (1 + e) with e = exp(-2 |x / c|).
static float cap_softly(float x, float cap) {
  float e = canonical_exp(-2.0f * __builtin_fabsf(x / cap));
  return __builtin_copysignf((1.0f - e) / (1.0f + e) * cap, x);
}

/// The score of the key at `key` for a query of `head` at `position`.
static float score_of(const stoa_attention *job, const float *q, size_t head, size_t position, size_t key) {
  float score = 0;
  for (size_t d = 0; d < job->head_dim; d++) {
    score = __builtin_fmaf(q[d], cached_key(job, key / STOA_KEY_BLOCK, d, key % STOA_KEY_BLOCK), score);
  }
  if (job->soft_cap != 0) score = cap_softly(score, job->soft_cap);
  if (job->slopes) {
    score = __builtin_fmaf(job->slopes[head], (float)((int32_t)key - (int32_t)position), score);
  }
  return score;
}

/// Dimension d of a block's weighted values. Where values are part of the keys a lane is a key, not a dimension.
static float weighted_values(const stoa_attention *job, size_t block, size_t d, const float *p, size_t low,
                             size_t high) {
  float o = 0, lanes[LANES] = {0};
  for (size_t k = low; k < high; k++) {
    float *sum = job->value_stride ? &o : &lanes[k % LANES];
    *sum = __builtin_fmaf(p[k], cached_value(job, block, d, k), *sum);
  }
  return job->value_stride ? o : tree_sum(lanes);
}

/// One query over all its visible keys: blocks of 64 keys from position 0, each with its own maximum, folded in order.
static void attend(const stoa_attention *job, const float *q, size_t head, size_t position, float *out) {
  size_t first = first_visible(job, position), last = last_visible(job, position), dim = job->value_dim;
  float running_max = 0, running_sum = 0, running[STOA_MAX_HEAD_DIM];
  for (size_t block = first / STOA_KEY_BLOCK; block <= last / STOA_KEY_BLOCK; block++) {
    size_t base = block * STOA_KEY_BLOCK;
    size_t low = first > base ? first - base : 0;
    size_t high = last - base + 1 < STOA_KEY_BLOCK ? last - base + 1 : STOA_KEY_BLOCK;
    float p[STOA_KEY_BLOCK] = {0}, max = 0;
    for (size_t k = low; k < high; k++) {
      p[k] = score_of(job, q, head, position, base + k);
      if (k == low || p[k] > max) max = p[k];
    }
    float lanes[LANES] = {0};
    for (size_t k = low; k < high; k++) p[k] = canonical_exp(p[k] - max);
    for (size_t k = 0; k < STOA_KEY_BLOCK; k++) lanes[k % LANES] += p[k];
    float sum = tree_sum(lanes), keep = 0, scale = 1;
    if (block != first / STOA_KEY_BLOCK) {
      float larger = max > running_max ? max : running_max;
      keep = canonical_exp(running_max - larger);
      scale = canonical_exp(max - larger);
      running_sum = __builtin_fmaf(running_sum, keep, sum * scale);
      running_max = larger;
    } else {
      running_sum = sum;
      running_max = max;
    }
    for (size_t d = 0; d < dim; d++) {
      float o = weighted_values(job, block, d, p, low, high);
      running[d] = block != first / STOA_KEY_BLOCK ? __builtin_fmaf(running[d], keep, o * scale) : o;
    }
  }
  float keep = fold_sink(job, head, running_max, &running_sum), inverse = 1.0f / running_sum;
  for (size_t d = 0; d < dim; d++) out[d] = running[d] * keep * inverse;
}

static void attention(const stoa_attention *job, size_t row_begin, size_t row_end) {
  for (size_t row = row_begin; row < row_end; row++) {
    size_t token = row / job->group, head = job->first_head + row % job->group;
    attend(job, job->q + token * job->q_stride + head * job->head_dim, head, job->base_position + token,
           job->out + token * job->out_stride + head * job->value_dim);
  }
}

// MARK: Element by element

static void rms_norm(const float *x, const float *weight, float epsilon, size_t n, float *y) {
  float lanes[LANES] = {0};
  for (size_t i = 0; i < n; i++) lanes[i % LANES] = __builtin_fmaf(x[i], x[i], lanes[i % LANES]);
  float scale = 1.0f / __builtin_sqrtf(tree_sum(lanes) / (float)n + epsilon);
  for (size_t i = 0; i < n; i++) y[i] = x[i] * scale * weight[i];
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t n, float *y) {
  float sums[LANES] = {0}, squares[LANES] = {0};
  for (size_t i = 0; i < n; i++) sums[i % LANES] += x[i];
  float mean = tree_sum(sums) / (float)n;
  for (size_t i = 0; i < n; i++) squares[i % LANES] = __builtin_fmaf(x[i] - mean, x[i] - mean, squares[i % LANES]);
  float scale = 1.0f / __builtin_sqrtf(tree_sum(squares) / (float)n + epsilon);
  for (size_t i = 0; i < n; i++) y[i] = __builtin_fmaf((x[i] - mean) * scale, weight[i], bias[i]);
}

static float silu(float x) { return x / (1.0f + canonical_exp(-x)); }

/// x times the normal distribution function; h is its tail beyond |x|.
static float gelu(float x) {
  float z = __builtin_fabsf(x) * SQRT_HALF, t = 1.0f / __builtin_fmaf(ERF_P, z, 1.0f);
  float p = __builtin_fmaf(ERF_A5, t, ERF_A4);
  p = __builtin_fmaf(p, t, ERF_A3);
  p = __builtin_fmaf(p, t, ERF_A2);
  p = __builtin_fmaf(p, t, ERF_A1);
  float tail = x * (0.5f * (p * t * canonical_exp(-(z * z))));
  return x >= 0 ? x - tail : tail;
}

static float gelu_tanh(float x) {
  float u = GELU_SLOPE * x * __builtin_fmaf(GELU_CUBIC, x * x, 1.0f);
  return x / (1.0f + canonical_exp(-2.0f * u));
}

static float swiglu_oai(float x, float up) {
  float g = x > OAI_LIMIT ? OAI_LIMIT : x, u = up > OAI_LIMIT ? OAI_LIMIT : up < -OAI_LIMIT ? -OAI_LIMIT : up;
  return g / (1.0f + canonical_exp(-(g * OAI_SLOPE))) * (u + 1.0f);
}

static void activate(stoa_nonlinearity f, float *gate, const float *up, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float x = gate[i];
    if (f == STOA_SWIGLU_OAI) {
      gate[i] = swiglu_oai(x, up ? up[i] : 0.0f);
    } else {
      float y = f == STOA_SILU ? silu(x) : f == STOA_GELU ? gelu(x) : gelu_tanh(x);
      gate[i] = up ? y * up[i] : y;
    }
  }
}

static void soft_cap(float *x, float cap, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = cap_softly(x[i], cap);
}

static void add(float *x, const float *y, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] += y[i];
}

static void add_scaled(float *x, const float *y, float scale, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] = __builtin_fmaf(scale, y[i], x[i]);
}

static void rope(float *x, size_t heads, size_t head_dim, const float *cosines, const float *sines, size_t pairs,
                 int interleaved, float scale) {
  for (size_t h = 0; h < heads; h++, x += head_dim) {
    for (size_t i = 0; i < pairs; i++) {
      float *a = interleaved ? x + 2 * i : x + i, *b = interleaved ? a + 1 : a + pairs;
      float u = *a, v = *b;
      *a = __builtin_fmaf(u, cosines[i], -(v * sines[i])) * scale;
      *b = __builtin_fmaf(v, cosines[i], u * sines[i]) * scale;
    }
    for (size_t i = 2 * pairs; i < head_dim; i++) x[i] *= scale;
  }
}

/// Writes x to every `step`th element of a block from `element` on, and its scales to every `scale_step`th from `scale` on.
static void store_cached(stoa_cache_type type, const float *x, size_t dim, uint8_t *block, size_t width, size_t element,
                         size_t step, size_t scale, size_t scale_step) {
  uint8_t *elements = block + cache_scale_bytes(type, width);
  for (size_t d = 0; d < dim; d++) {
    uint16_t half = float_to_half(x[d]);
    if (type == STOA_CACHE_F32) memcpy(elements + 4 * (element + d * step), x + d, 4);
    if (type == STOA_CACHE_F16) memcpy(elements + 2 * (element + d * step), &half, 2);
  }
  if (type != STOA_CACHE_Q8_0) return;
  for (size_t run = 0; run < cache_runs(dim); run++) {
    float values[CACHE_RUN] = {0};
    int8_t codes[CACHE_RUN];
    int16_t sum;
    size_t count = dim - run * CACHE_RUN < CACHE_RUN ? dim - run * CACHE_RUN : CACHE_RUN;
    memcpy(values, x + run * CACHE_RUN, count * sizeof(float));
    uint16_t half = float_to_half(quantize_block(values, CACHE_RUN, codes, &sum, 0));
    memcpy(block + 2 * (scale + run * scale_step), &half, 2);
    for (size_t i = 0; i < count; i++) elements[element + (run * CACHE_RUN + i) * step] = (uint8_t)codes[i];
  }
}

static void store_kv(const float *k, const float *v, size_t head_dim, size_t value_dim, size_t value_stride,
                     size_t position, stoa_cache_type type, void *keys, void *values) {
  size_t block = position / STOA_KEY_BLOCK, at = position % STOA_KEY_BLOCK;
  store_cached(type, k, head_dim, (uint8_t *)keys + block * cache_block_bytes(type, head_dim), head_dim, at,
               STOA_KEY_BLOCK, at, STOA_KEY_BLOCK);
  if (value_dim == 0) return;
  store_cached(type, v, value_dim, (uint8_t *)values + block * cache_block_bytes(type, value_stride), value_stride,
               at * value_stride, 1, at * cache_runs(value_stride), 1);
}

static void exponential(const float *x, size_t n, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = canonical_exp(x[i]);
}

const stoa_kernels stoa_scalar_kernels = {
    STOA_ISA_SCALAR, "scalar", matmul, quantize32, quantize256, attention, rms_norm, layer_norm, activate, soft_cap,
    add, add_scaled, rope, store_kv, exponential,
};
