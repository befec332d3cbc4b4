// The scalar reference: what every other instruction set must equal to the bit. Written to be read, not to be fast.
#include <string.h>

#include "layout.h"
#include "numerics.h"
#include "tables.h"

enum { LANES = 16 };

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

/// The code of row r and column c of a block of one row group.
static int code_at(stoa_type type, const uint8_t *codes, int r, int c) {
  int quad = c / 4, byte = r * 4 + c % 4;
  switch (type) {
    case STOA_Q8_0: return codes[quad * VECTOR + byte] - 128;
    case STOA_Q4_0: {
      int v = codes[quad % 4 * VECTOR + byte];
      return (quad < 4 ? v & 15 : v >> 4) - 8;
    }
    case STOA_Q4_K: {
      int v = codes[(c / 64 * 8 + quad % 8) * VECTOR + byte];
      return c % 64 < 32 ? v & 15 : v >> 4;
    }
    default: {
      const uint8_t *pair = codes + c / 32 * Q6_K_PAIR;
      int v = quad % 4, upper = quad % 8 >= 4;
      int low = pair[v * VECTOR + byte], high = pair[(4 + v / 2) * VECTOR + byte];
      int shift = v % 2 * 4 + upper * 2;
      return ((upper ? low >> 4 : low & 15) | (high >> shift & 3) << 4) - 32;
    }
  }
}

static int dot_codes(stoa_type type, const uint8_t *codes, int r, int first, int count, const int8_t *x) {
  int sum = 0;
  for (int c = first; c < first + count; c++) sum += code_at(type, codes, r, c) * x[c];
  return sum;
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
    switch (job->type) {
      case STOA_Q4_K: {
        int total = 0, minima = 0;
        for (int j = 0; j < 8; j++) {
          total += scales[j * GROUP + r] * dot_codes(job->type, codes, r, j * 32, 32, x);
          minima += scales[Q4_K_MINIMA + j / 2 * 2 * GROUP + 2 * r + j % 2] * sums32[b * 8 + (size_t)j];
        }
        float d = half_to_float(load_u16(scales + Q4_K_D + 2 * r));
        float dmin = half_to_float(load_u16(scales + Q4_K_DMIN + 2 * r));
        acc = __builtin_fmaf((float)total, d * x_scales[b], acc);
        acc = __builtin_fmaf(-(float)minima, dmin * x_scales[b], acc);
        break;
      }
      case STOA_Q6_K: {
        int total = 0;
        for (int j = 0; j < 16; j++) {
          int8_t scale = (int8_t)scales[j / 2 * 2 * GROUP + 2 * r + j % 2];
          total += scale * dot_codes(job->type, codes, r, j * 16, 16, x);
        }
        acc = __builtin_fmaf((float)total, half_to_float(load_u16(scales + Q6_K_D + 2 * r)) * x_scales[b], acc);
        break;
      }
      default: {
        int total = dot_codes(job->type, codes, r, 0, 32, x);
        acc = __builtin_fmaf((float)total, half_to_float(load_u16(scales + 2 * r)) * x_scales[b], acc);
      }
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

static float cached(const stoa_attention *job, const void *cache, size_t index) {
  return job->half ? half_to_float(((const uint16_t *)cache)[index]) : ((const float *)cache)[index];
}

/// One query over all its visible keys: blocks of 64 keys from position 0, each with its own maximum, folded in order.
static void attend(const stoa_attention *job, const float *q, size_t position, float *out) {
  size_t first = job->window && position + 1 > job->window ? position + 1 - job->window : 0, dim = job->head_dim;
  float running_max = 0, running_sum = 0, running[STOA_MAX_HEAD_DIM];
  for (size_t block = first / STOA_KEY_BLOCK; block <= position / STOA_KEY_BLOCK; block++) {
    size_t base = block * STOA_KEY_BLOCK;
    size_t low = first > base ? first - base : 0;
    size_t high = position - base + 1 < STOA_KEY_BLOCK ? position - base + 1 : STOA_KEY_BLOCK;
    float p[STOA_KEY_BLOCK] = {0}, max = 0;
    for (size_t k = low; k < high; k++) {
      float score = 0;
      for (size_t d = 0; d < dim; d++) {
        score = __builtin_fmaf(q[d], cached(job, job->keys, (block * dim + d) * STOA_KEY_BLOCK + k), score);
      }
      p[k] = score;
      if (k == low || score > max) max = score;
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
      float o = 0;
      for (size_t k = low; k < high; k++) {
        o = __builtin_fmaf(p[k], cached(job, job->values, (base + k) * job->value_stride + d), o);
      }
      running[d] = block != first / STOA_KEY_BLOCK ? __builtin_fmaf(running[d], keep, o * scale) : o;
    }
  }
  float inverse = 1.0f / running_sum;
  for (size_t d = 0; d < dim; d++) out[d] = running[d] * inverse;
}

static void attention(const stoa_attention *job, size_t row_begin, size_t row_end) {
  for (size_t row = row_begin; row < row_end; row++) {
    size_t token = row / job->group, head = job->first_head + row % job->group;
    attend(job, job->q + token * job->q_stride + head * job->head_dim, job->base_position + token,
           job->out + token * job->out_stride + head * job->head_dim);
  }
}

// MARK: Element by element

static void rms_norm(const float *x, const float *weight, float epsilon, size_t n, float *y) {
  float lanes[LANES] = {0};
  for (size_t i = 0; i < n; i++) lanes[i % LANES] = __builtin_fmaf(x[i], x[i], lanes[i % LANES]);
  float scale = 1.0f / __builtin_sqrtf(tree_sum(lanes) / (float)n + epsilon);
  for (size_t i = 0; i < n; i++) y[i] = x[i] * scale * weight[i];
}

static void silu_multiply(float *gate, const float *up, size_t n) {
  for (size_t i = 0; i < n; i++) gate[i] = gate[i] / (1.0f + canonical_exp(-gate[i])) * up[i];
}

static void add(float *x, const float *y, size_t n) {
  for (size_t i = 0; i < n; i++) x[i] += y[i];
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

static void store_kv(const float *k, const float *v, size_t head_dim, size_t value_stride, size_t position, int half,
                     void *keys, void *values) {
  size_t key = position / STOA_KEY_BLOCK * head_dim * STOA_KEY_BLOCK + position % STOA_KEY_BLOCK;
  for (size_t d = 0; d < head_dim; d++) {
    if (half) {
      ((uint16_t *)keys)[key + d * STOA_KEY_BLOCK] = float_to_half(k[d]);
      ((uint16_t *)values)[position * value_stride + d] = float_to_half(v[d]);
    } else {
      ((float *)keys)[key + d * STOA_KEY_BLOCK] = k[d];
      ((float *)values)[position * value_stride + d] = v[d];
    }
  }
}

static void exponential(const float *x, size_t n, float *y) {
  for (size_t i = 0; i < n; i++) y[i] = canonical_exp(x[i]);
}

const stoa_kernels stoa_scalar_kernels = {
    STOA_ISA_SCALAR, "scalar", matmul, quantize32, quantize256, attention, rms_norm, silu_multiply, add, rope,
    store_kv, exponential,
};
