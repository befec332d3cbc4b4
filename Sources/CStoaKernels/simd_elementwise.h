// The activation quantiser, norms, rotary embedding and the other element-by-element kernels, and the table itself.

/// Codes, scale and sums of one block of N values; the rules are those of the scalar reference.
INLINE float quantize_block(const float *x, const int N, int8_t *codes, int16_t *sums32, int16_t *sums16) {
  v16i largest = splat_int(0);
  for (int i = 0; i < N; i += 16) {
    v16i magnitude = (v16i)load_floats(x + i) & 0x7fffffff;
    largest = __builtin_elementwise_max(magnitude, largest);
  }
  int32_t top = __builtin_reduce_max(largest);
  float amax = bits_float((uint32_t)top), inverse = 127.0f / amax;
  int zero = top < 0x0d800000, finite = top < 0x7f800000;
  for (int i = 0; i < N; i += 16) {
    v16f rounded = (load_floats(x + i) * inverse + EXP_ROUND) - EXP_ROUND;
    v16i code = zero || !finite ? splat_int(0) : __builtin_convertvector(rounded, v16i);
    v16c bytes = __builtin_convertvector(code, v16c);
    memcpy(codes + i, &bytes, 16);
    int16_t sum = (int16_t)__builtin_reduce_add(code);
    if (sums16) sums16[i / 16] = sum;
    sums32[i / 32] = (int16_t)(i % 32 ? sums32[i / 32] + sum : sum);
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

static void rms_norm(const float *x, const float *weight, float epsilon, size_t n, float *y) {
  v16f lanes = splat(0);
  size_t whole = n / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) {
    v16f v = load_floats(x + i);
    lanes = fma16(v, v, lanes);
  }
  for (size_t i = whole; i < n; i++) lanes[i % 16] = __builtin_fmaf(x[i], x[i], lanes[i % 16]);
  float scale = 1.0f / __builtin_sqrtf(tree(lanes) / (float)n + epsilon);
  for (size_t i = 0; i < n; i++) y[i] = x[i] * scale * weight[i];
}

static void layer_norm(const float *x, const float *weight, const float *bias, float epsilon, size_t n, float *y) {
  v16f sums = splat(0), squares = splat(0);
  size_t whole = n / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) sums += load_floats(x + i);
  for (size_t i = whole; i < n; i++) sums[i % 16] += x[i];
  float mean = tree(sums) / (float)n;
  for (size_t i = 0; i < whole; i += 16) {
    v16f d = load_floats(x + i) - mean;
    squares = fma16(d, d, squares);
  }
  for (size_t i = whole; i < n; i++) squares[i % 16] = __builtin_fmaf(x[i] - mean, x[i] - mean, squares[i % 16]);
  float scale = 1.0f / __builtin_sqrtf(tree(squares) / (float)n + epsilon);
  for (size_t i = 0; i < n; i++) y[i] = __builtin_fmaf((x[i] - mean) * scale, weight[i], bias[i]);
}

INLINE v16f magnitude16(v16f x) { return (v16f)((v16i)x & 0x7fffffff); }

INLINE v16f gelu16(v16f x) {
  v16f z = magnitude16(x) * SQRT_HALF, t = 1.0f / fma16(splat(ERF_P), z, splat(1.0f));
  v16f p = fma16(splat(ERF_A5), t, splat(ERF_A4));
  p = fma16(p, t, splat(ERF_A3));
  p = fma16(p, t, splat(ERF_A2));
  p = fma16(p, t, splat(ERF_A1));
  v16f tail = x * (0.5f * (p * t * exp16(-(z * z))));
  return select16(x >= 0.0f, x - tail, tail);
}

INLINE v16f gelu_tanh16(v16f x) {
  v16f u = GELU_SLOPE * x * fma16(splat(GELU_CUBIC), x * x, splat(1.0f));
  return x / (1.0f + exp16(-2.0f * u));
}

INLINE v16f swiglu_oai16(v16f x, v16f up) {
  v16f g = select16(x > OAI_LIMIT, splat(OAI_LIMIT), x), u = select16(up > OAI_LIMIT, splat(OAI_LIMIT), up);
  u = select16(up < -OAI_LIMIT, splat(-OAI_LIMIT), u);
  return g / (1.0f + exp16(-(g * OAI_SLOPE))) * (u + 1.0f);
}

INLINE v16f nonlinear16(const stoa_nonlinearity f, v16f x, const float *up) {
  if (f == STOA_SWIGLU_OAI) return swiglu_oai16(x, up ? load_floats(up) : splat(0));
  v16f y = f == STOA_SILU ? x / (1.0f + exp16(-x)) : f == STOA_GELU ? gelu16(x) : gelu_tanh16(x);
  return up ? y * load_floats(up) : y;
}

INLINE void activate_all(const stoa_nonlinearity f, float *gate, const float *up, size_t n) {
  size_t whole = n / 16 * 16, rest = n - whole;
  for (size_t i = 0; i < whole; i += 16) store_floats(gate + i, nonlinear16(f, load_floats(gate + i), up ? up + i : 0));
  if (rest == 0) return;
  float x[16] = {0}, factors[16] = {0};
  memcpy(x, gate + whole, rest * sizeof(float));
  if (up) memcpy(factors, up + whole, rest * sizeof(float));
  store_floats(x, nonlinear16(f, load_floats(x), up ? factors : 0));
  memcpy(gate + whole, x, rest * sizeof(float));
}

static void activate(stoa_nonlinearity f, float *gate, const float *up, size_t n) {
  switch (f) {
    case STOA_SILU: activate_all(STOA_SILU, gate, up, n); break;
    case STOA_GELU: activate_all(STOA_GELU, gate, up, n); break;
    case STOA_GELU_TANH: activate_all(STOA_GELU_TANH, gate, up, n); break;
    case STOA_SWIGLU_OAI: activate_all(STOA_SWIGLU_OAI, gate, up, n); break;
  }
}

static void soft_cap(float *x, float cap, size_t n) {
  size_t whole = n / 16 * 16, rest = n - whole;
  for (size_t i = 0; i < whole; i += 16) store_floats(x + i, cap_softly16(load_floats(x + i), cap));
  float tail[16] = {0};
  memcpy(tail, x + whole, rest * sizeof(float));
  store_floats(tail, cap_softly16(load_floats(tail), cap));
  memcpy(x + whole, tail, rest * sizeof(float));
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
    if (interleaved) {
      for (size_t i = 0; i < pairs; i++) {
        float u = x[2 * i], v = x[2 * i + 1];
        x[2 * i] = __builtin_fmaf(u, cosines[i], -(v * sines[i])) * scale;
        x[2 * i + 1] = __builtin_fmaf(v, cosines[i], u * sines[i]) * scale;
      }
    } else {
      for (size_t i = 0; i < pairs; i++) {
        float u = x[i], v = x[i + pairs];
        x[i] = __builtin_fmaf(u, cosines[i], -(v * sines[i])) * scale;
        x[i + pairs] = __builtin_fmaf(v, cosines[i], u * sines[i]) * scale;
      }
    }
    for (size_t i = 2 * pairs; i < head_dim; i++) x[i] *= scale;
  }
}

/// 16 floats to halves, finite values limited to the largest half.
INLINE void store_clamped_halves(uint16_t *p, v16f x) {
  v16i magnitude = (v16i)x & 0x7fffffff;
  v16f limit = (v16f)(((v16i)x & (int32_t)0x80000000) | 0x477fe000);
  store_half(p, select16((magnitude > 0x477fe000) & (magnitude < 0x7f800000), limit, x));
}

/// Codes of one position of a cache of Q8_0, padded with zeros to whole runs, and their scales.
INLINE void quantize_cached(const float *x, size_t dim, int8_t *codes, uint16_t *scales) {
  for (size_t run = 0; run < cache_runs(dim); run++) {
    float padded[CACHE_RUN] = {0};
    const float *values = x + run * CACHE_RUN;
    int16_t sum;
    if (dim - run * CACHE_RUN < CACHE_RUN) {
      memcpy(padded, values, (dim - run * CACHE_RUN) * sizeof(float));
      values = padded;
    }
    scales[run] = float_to_half(quantize_block(values, CACHE_RUN, codes + run * CACHE_RUN, &sum, 0));
  }
}

INLINE void store_q8_0(const float *k, const float *v, size_t head_dim, size_t value_dim, size_t value_stride,
                       size_t at, uint8_t *keys, uint8_t *values) {
  int8_t codes[STOA_MAX_HEAD_DIM];
  uint16_t scales[STOA_MAX_HEAD_DIM / CACHE_RUN];
  quantize_cached(k, head_dim, codes, scales);
  uint8_t *column = keys + cache_scale_bytes(STOA_CACHE_Q8_0, head_dim) + at;
  for (size_t run = 0; run < cache_runs(head_dim); run++) memcpy(keys + 2 * (run * STOA_KEY_BLOCK + at), scales + run, 2);
  for (size_t d = 0; d < head_dim; d++) column[d * STOA_KEY_BLOCK] = (uint8_t)codes[d];
  if (value_dim == 0) return;
  quantize_cached(v, value_dim, codes, scales);
  size_t runs = cache_runs(value_stride);
  memcpy(values + 2 * at * runs, scales, 2 * runs);
  memcpy(values + cache_scale_bytes(STOA_CACHE_Q8_0, value_stride) + at * value_stride, codes, value_dim);
}

static void store_kv(const float *k, const float *v, size_t head_dim, size_t value_dim, size_t value_stride,
                     size_t position, stoa_cache_type type, void *keys, void *values) {
  size_t block = position / STOA_KEY_BLOCK, at = position % STOA_KEY_BLOCK;
  uint8_t *key_block = (uint8_t *)keys + block * cache_block_bytes(type, head_dim);
  uint8_t *value_block = (uint8_t *)values + block * cache_block_bytes(type, value_stride);
  if (type == STOA_CACHE_Q8_0) {
    return store_q8_0(k, v, head_dim, value_dim, value_stride, at, key_block, value_block);
  }
  if (type == STOA_CACHE_F32) {
    float *column = (float *)(void *)key_block + at;
    for (size_t d = 0; d < head_dim; d++) column[d * STOA_KEY_BLOCK] = k[d];
    memcpy(value_block + at * value_stride * sizeof(float), v, value_dim * sizeof(float));
    return;
  }
  uint16_t *column = (uint16_t *)(void *)key_block + at, *row = (uint16_t *)(void *)value_block + at * value_stride;
  size_t whole = head_dim / 16 * 16;
  for (size_t d = 0; d < whole; d += 16) {
    uint16_t halves[16];
    store_clamped_halves(halves, load_floats(k + d));
    for (size_t i = 0; i < 16; i++) column[(d + i) * STOA_KEY_BLOCK] = halves[i];
  }
  for (size_t d = whole; d < head_dim; d++) column[d * STOA_KEY_BLOCK] = float_to_half(k[d]);
  whole = value_dim / 16 * 16;
  for (size_t d = 0; d < whole; d += 16) store_clamped_halves(row + d, load_floats(v + d));
  for (size_t d = whole; d < value_dim; d++) row[d] = float_to_half(v[d]);
}

static void exponential(const float *x, size_t n, float *y) {
  size_t whole = n / 16 * 16;
  for (size_t i = 0; i < whole; i += 16) store_floats(y + i, exp16(load_floats(x + i)));
  for (size_t i = whole; i < n; i++) y[i] = canonical_exp(x[i]);
}

const stoa_kernels KERNEL_TABLE = {
    KERNEL_ISA, KERNEL_NAME, matmul, quantize32, quantize256, attention, rms_norm, layer_norm, activate, soft_cap,
    add, add_scaled, rope, store_kv, exponential,
};
