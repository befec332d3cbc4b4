// Products with packed quantised weights. Lane r of a vector is row r of the group, so integers stay exact in their
// lanes and there is no horizontal sum. T is the number of tokens of a tile, a constant at each call.

typedef struct tile {
  const uint8_t *weights;  ///< Of one row group.
  size_t blocks, columns;
  const int8_t *x;
  const float *x_scales;
  const int16_t *sums32, *sums16;
} tile;

INLINE void tile_q8_0(tile w, const int T, v16f *acc) {
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(STOA_Q8_0), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(STOA_Q8_0), b);
    v16i sum[8];
    UNROLL for (int t = 0; t < T; t++) sum[t] = q8_start(w.sums32[(size_t)t * w.blocks + b]);
    UNROLL for (int v = 0; v < 8; v++) {
      v16i c = load_codes(codes + v * VECTOR);
      UNROLL for (int t = 0; t < T; t++) {
        sum[t] = dot4_q8(sum[t], c, splat_quad(w.x + (size_t)t * w.columns + b * 32 + v * 4));
      }
    }
    v16f d = load_half(scales);
    UNROLL for (int t = 0; t < T; t++) {
      acc[t] = fma16(to_float(sum[t]), d * w.x_scales[(size_t)t * w.blocks + b], acc[t]);
    }
  }
}

INLINE void tile_q4_0(tile w, const int T, v16f *acc) {
  const v16i nibble = splat_int(0x0f0f0f0f);
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(STOA_Q4_0), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(STOA_Q4_0), b);
    v16i sum[8];
    UNROLL for (int t = 0; t < T; t++) sum[t] = splat_int(-8 * w.sums32[(size_t)t * w.blocks + b]);
    UNROLL for (int v = 0; v < 4; v++) {
      v16i c = load_codes(codes + v * VECTOR), low = c & nibble, high = (c >> 4) & nibble;
      UNROLL for (int t = 0; t < T; t++) {
        const int8_t *x = w.x + (size_t)t * w.columns + b * 32 + v * 4;
        sum[t] = dot4(sum[t], low, splat_quad(x));
        sum[t] = dot4(sum[t], high, splat_quad(x + 16));
      }
    }
    v16f d = load_half(scales);
    UNROLL for (int t = 0; t < T; t++) {
      acc[t] = fma16(to_float(sum[t]), d * w.x_scales[(size_t)t * w.blocks + b], acc[t]);
    }
  }
}

INLINE void tile_q4_k(tile w, const int T, v16f *acc) {
  const v16i nibble = splat_int(0x0f0f0f0f);
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(STOA_Q4_K), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(STOA_Q4_K), b);
    v16i total[8];
    UNROLL for (int t = 0; t < T; t++) total[t] = splat_int(0);
    for (int g = 0; g < 4; g++) {
      v16i first[8], second[8];
      UNROLL for (int t = 0; t < T; t++) first[t] = second[t] = splat_int(0);
      const uint8_t *part = codes + g * 8 * VECTOR;
      const int8_t *x = w.x + b * 256 + g * 64;
      UNROLL for (int v = 0; v < 8; v++) {
        v16i c = load_codes(part + v * VECTOR), low = c & nibble, high = (c >> 4) & nibble;
        UNROLL for (int t = 0; t < T; t++) {
          const int8_t *quad = x + (size_t)t * w.columns + v * 4;
          first[t] = dot4(first[t], low, splat_quad(quad));
          second[t] = dot4(second[t], high, splat_quad(quad + 32));
        }
      }
      v16i s0 = widen_bytes(scales + 2 * g * GROUP), s1 = widen_bytes(scales + (2 * g + 1) * GROUP);
      UNROLL for (int t = 0; t < T; t++) total[t] += first[t] * s0 + second[t] * s1;
    }
    v16i minima[8];
    UNROLL for (int t = 0; t < T; t++) minima[t] = splat_int(0);
    UNROLL for (int p = 0; p < 4; p++) {
      v16i m = widen_pairs(scales + Q4_K_MINIMA + p * 2 * GROUP);
      UNROLL for (int t = 0; t < T; t++) {
        minima[t] = dot2(minima[t], m, splat_quad(w.sums32 + ((size_t)t * w.blocks + b) * 8 + p * 2));
      }
    }
    v16f d = load_half(scales + Q4_K_D), dmin = load_half(scales + Q4_K_DMIN);
    UNROLL for (int t = 0; t < T; t++) {
      float x_scale = w.x_scales[(size_t)t * w.blocks + b];
      acc[t] = fma16(to_float(total[t]), d * x_scale, acc[t]);
      acc[t] = fma16(-to_float(minima[t]), dmin * x_scale, acc[t]);
    }
  }
}

INLINE void tile_q6_k(tile w, const int T, v16f *acc) {
  const v16i nibble = splat_int(0x0f0f0f0f), upper = splat_int(0x30303030);
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(STOA_Q6_K), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(STOA_Q6_K), b);
    v16i total[8], offset[8];
    UNROLL for (int t = 0; t < T; t++) total[t] = offset[t] = splat_int(0);
    for (int p = 0; p < 8; p++) {
      v16i first[8], second[8];
      UNROLL for (int t = 0; t < T; t++) first[t] = second[t] = splat_int(0);
      const uint8_t *part = codes + p * Q6_K_PAIR;
      const int8_t *x = w.x + b * 256 + p * 32;
      UNROLL for (int v = 0; v < 4; v++) {
        v16i c = load_codes(part + v * VECTOR), h = load_codes(part + (4 + v / 2) * VECTOR);
        v16i low = (c & nibble) | ((v % 2 ? h : h << 4) & upper);
        v16i high = ((c >> 4) & nibble) | ((v % 2 ? h >> 2 : h << 2) & upper);
        UNROLL for (int t = 0; t < T; t++) {
          const int8_t *quad = x + (size_t)t * w.columns + v * 4;
          first[t] = dot4(first[t], low, splat_quad(quad));
          second[t] = dot4(second[t], high, splat_quad(quad + 16));
        }
      }
      v16i pair = widen_signed_pairs(scales + p * 2 * GROUP), s0 = (pair << 16) >> 16, s1 = pair >> 16;
      UNROLL for (int t = 0; t < T; t++) {
        total[t] += first[t] * s0 + second[t] * s1;
        offset[t] = dot2(offset[t], pair, splat_quad(w.sums16 + ((size_t)t * w.blocks + b) * 16 + p * 2));
      }
    }
    v16f d = load_half(scales + Q6_K_D);
    UNROLL for (int t = 0; t < T; t++) {
      // The codes' offset of 32 comes off the sum in integers.
      acc[t] = fma16(to_float(total[t] - (offset[t] << 5)), d * w.x_scales[(size_t)t * w.blocks + b], acc[t]);
    }
  }
}

/// Moves a tile to the token it starts at.
INLINE tile at_token(tile w, size_t token) {
  w.x += token * w.columns;
  w.x_scales += token * w.blocks;
  w.sums32 += token * (w.columns / 32);
  if (w.sums16) w.sums16 += token * (w.columns / 16);
  return w;
}

INLINE void store_rows(const stoa_matmul *job, size_t row, size_t token, v16f values) {
  float *y = job->y + token * job->y_stride + row;
  if (row + GROUP <= job->rows) {
    store_floats(y, values);
  } else {
    memcpy(y, &values, (job->rows - row) * sizeof(float));
  }
}

/// Row groups that share a tile of activations while it is in the first-level cache.
#define GROUPS_PER_BLOCK 4

#define RUN_TILE(kernel, T)                                                        \
  do {                                                                             \
    v16f acc[T];                                                                   \
    UNROLL for (int i = 0; i < T; i++) acc[i] = splat(0);                          \
    kernel(at_token(w, t), T, acc);                                                \
    UNROLL for (int i = 0; i < T; i++) store_rows(job, g * GROUP, t + (size_t)i, acc[i]); \
  } while (0)

#define DEFINE_MATMUL(name, kernel, TILE)                                                                     \
  static void name(const stoa_matmul *job, size_t begin, size_t end) {                                        \
    layout l = layout_of(job->type);                                                                          \
    size_t blocks = job->x.columns / l.columns, bytes = group_bytes(l, job->x.columns);                       \
    for (size_t first = begin; first < end; first += GROUPS_PER_BLOCK) {                                      \
      size_t last = first + GROUPS_PER_BLOCK < end ? first + GROUPS_PER_BLOCK : end;                          \
      for (size_t t = 0, count; t < job->x.tokens; t += count) {                                              \
        size_t left = job->x.tokens - t;                                                                      \
        count = left >= TILE ? TILE : left >= 4 && TILE > 4 ? 4 : left >= 2 && TILE > 2 ? 2 : 1;              \
        for (size_t g = first; g < last; g++) {                                                               \
          tile w = {(const uint8_t *)job->weights + g * bytes, blocks, job->x.columns, job->x.codes,          \
                    job->x.scales, job->x.sums32, job->x.sums16};                                             \
          if (count == TILE) RUN_TILE(kernel, TILE);                                                          \
          else if (count == 4) RUN_TILE(kernel, 4);                                                           \
          else if (count == 2) RUN_TILE(kernel, 2);                                                           \
          else RUN_TILE(kernel, 1);                                                                           \
        }                                                                                                     \
      }                                                                                                       \
    }                                                                                                         \
  }

DEFINE_MATMUL(matmul_q8_0, tile_q8_0, TILE_32)
DEFINE_MATMUL(matmul_q4_0, tile_q4_0, TILE_32)
DEFINE_MATMUL(matmul_q4_k, tile_q4_k, TILE_256)
DEFINE_MATMUL(matmul_q6_k, tile_q6_k, TILE_256)
