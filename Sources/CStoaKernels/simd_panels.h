// Products with many tokens: the codes of a few row groups and some thousand columns are unpacked to bytes once, into a
// panel that stays in the second-level cache while all tokens pass by. Sums go on from one panel to the next in y, in
// the same order as in the tiles that unpack as they go.

/// Columns of a panel, a multiple of 256.
#define PANEL_COLUMNS 2048

/// Fewer tokens do not pay for unpacking.
#define PANEL_MIN_TOKENS 24

typedef struct panel {
  uint8_t codes[PANEL_COLUMNS / 4][ROW_GROUPS][VECTOR];     ///< A vector for each quad of columns.
  v16i scales[PANEL_COLUMNS / 16][ROW_GROUPS];              ///< Of sub-blocks, as `add_scaled_pairs` wants them.
  v16i pairs[PANEL_COLUMNS / 32][ROW_GROUPS];               ///< Factors of the activations' sums, for two sub-blocks.
  v16f d[PANEL_COLUMNS / 32][ROW_GROUPS], m[PANEL_COLUMNS / 32][ROW_GROUPS];  ///< Scales and minima of blocks.
} panel;

INLINE void put_codes(panel *p, size_t quad, int r, v16i codes) { memcpy(p->codes[quad][r], &codes, VECTOR); }

INLINE v16i panel_codes(const panel *p, size_t quad, int r) { return load_lanes(p->codes[quad][r]); }

/// Block b of a row group with blocks of 32 becomes block i of group r in a panel.
INLINE void unpack_32(panel *p, size_t i, int r, const uint8_t *group, size_t b, const stoa_type type) {
  const uint8_t *codes = group + codes_at(layout_of(type), b), *scales = group + scales_at(layout_of(type), b);
  if (type == STOA_Q8_0) {
    for (size_t v = 0; v < 8; v++) put_codes(p, i * 8 + v, r, load_codes(codes + v * VECTOR));
  } else {
    const uint8_t *nibbles = codes + fifth_vectors(type) * VECTOR;
    v16i bits = has_fifth_bits(type) ? load_codes(codes) : splat_int(0);
    UNROLL for (int v = 0; v < 8; v++) {
      put_codes(p, i * 8 + (size_t)v, r, nibble_codes(type, nibbles + v % 4 * VECTOR, v / 4, bits, v));
    }
  }
  p->d[i][r] = block_scales(type, scales);
  if (has_minimum(type)) p->m[i][r] = load_half(scales + MINIMA);
}

INLINE void unpack_nibbles_k(panel *p, size_t i, int r, const uint8_t *codes, const uint8_t *scales,
                             const stoa_type type) {
  UNROLL for (int j = 0; j < 8; j++) {
    const uint8_t *part = codes + (size_t)(j / 2) * nibble_part(type), *nibbles = part + fifth_vectors(type) * VECTOR;
    v16i bits = has_fifth_bits(type) ? load_codes(part + j % 2 * VECTOR) : splat_int(0);
    UNROLL for (int v = 0; v < 8; v++) {
      put_codes(p, i * 64 + (size_t)(j * 8 + v), r, nibble_codes(type, nibbles + v * VECTOR, j % 2, bits, v));
    }
    v16i scale = sub_block_scale(type, scales, j);
    p->scales[i * 8 + (size_t)j][r] = has_levels(type) ? scale : pairs_scale(type, scale);
  }
  if (has_levels(type)) return;
  UNROLL for (int j = 0; j < 4; j++) p->pairs[i * 4 + (size_t)j][r] = widen_pairs(scales + Q4_K_MINIMA + j * 2 * GROUP);
}

INLINE void unpack_signed_k(panel *p, size_t i, int r, const uint8_t *codes, const uint8_t *scales,
                            const stoa_type type) {
  const int pair_bytes = type == STOA_Q3_K ? Q3_K_PAIR : Q6_K_PAIR;
  for (int j = 0; j < 8; j++) {
    UNROLL for (int v = 0; v < 8; v++) {
      put_codes(p, i * 64 + (size_t)(j * 8 + v), r, signed_codes(type, codes + j * pair_bytes, v % 4, v / 4));
    }
    v16i pair = signed_pair(type, scales, j);
    p->scales[i * 16 + (size_t)j * 2][r] = pairs_scale(type, (pair << 16) >> 16);
    p->scales[i * 16 + (size_t)j * 2 + 1][r] = pairs_scale(type, pair >> 16);
    p->pairs[i * 8 + (size_t)j][r] = zero_pair(type, pair);
  }
}

INLINE void unpack_q2_k(panel *p, size_t i, int r, const uint8_t *codes) {
  for (size_t j = 0; j < 16; j++) {
    v16i both = widen_pairs(codes + q2_scale_at(j / 2 * 2, 0)), c = load_codes(codes + q2_codes_at(j));
    v16i scale = q2_scale(both, (int)(j % 2));
    UNROLL for (int s = 0; s < 4; s++) put_codes(p, i * 64 + j * 4 + (size_t)s, r, q2_scaled(c, s, scale));
    if (j % 2 == 0) p->pairs[i * 8 + j / 2][r] = q2_minima(both);
  }
}

/// Block b of a row group with blocks of 256 becomes block i of group r in a panel.
INLINE void unpack_256(panel *p, size_t i, int r, const uint8_t *group, size_t b, const stoa_type type) {
  const uint8_t *codes = group + codes_at(layout_of(type), b), *scales = group + scales_at(layout_of(type), b);
  const uint8_t *d = scales + d_at(type);
  if (type == STOA_Q2_K) unpack_q2_k(p, i, r, codes);
  else if (type == STOA_Q3_K || type == STOA_Q6_K) unpack_signed_k(p, i, r, codes, scales, type);
  else unpack_nibbles_k(p, i, r, codes, scales, type);
  p->d[i][r] = load_half(d);
  if (has_minima_k(type)) p->m[i][r] = load_half(d + HALVES);
}

/// Types with blocks of 32.
INLINE void panel_tile_32(const panel *p, tile w, size_t blocks, const int R, const int T, v16f *acc,
                          const stoa_type type) {
  const int whole_bytes = type == STOA_Q8_0 || has_levels(type), quads = quads_in_pairs(type);
  for (size_t b = 0; b < blocks; b++) {
    v16i sum[MAX_TILE], pairs[MAX_TILE];
    UNROLL for (int i = 0; i < R * T; i++) {
      int32_t x_sum = w.sums32[(size_t)(i % T) * w.blocks + b];
      sum[i] = whole_bytes ? q8_start(x_sum) : nibble_start(type, x_sum);
      pairs[i] = pairs_begin(sum[i]);
    }
    UNROLL for (int v = 0; v < 8; v++) {
      v16i c[ROW_GROUPS];
      fence();
      UNROLL for (int r = 0; r < R; r++) c[r] = panel_codes(p, b * 8 + (size_t)v, r);
      UNROLL for (int t = 0; t < T; t++) {
        v16i quad = splat_quad(w.x + (size_t)t * w.columns + b * 32 + v * 4);
        UNROLL for (int i = t; i < R * T; i += T) {
          v16i *at = whole_bytes ? sum + i : pairs + i;
          *at = whole_bytes ? dot4_q8(*at, c[i / T], quad) : dot4_pairs(*at, c[i / T], quad);
          pin(at);
        }
      }
      if (whole_bytes || (v + 1) % quads != 0) continue;
      UNROLL for (int i = 0; i < R * T; i++) {
        sum[i] = pairs_end(sum[i], pairs[i]);
        pairs[i] = pairs_begin(sum[i]);
      }
    }
    UNROLL for (int i = 0; i < R * T; i++) {
      size_t at = (size_t)(i % T) * w.blocks + b;
      acc[i] = fma16(to_float(sum[i]), p->d[b][i / T] * w.x_scales[at], acc[i]);
      if (has_minimum(type)) acc[i] = fma16(splat((float)w.sums32[at]), p->m[b][i / T] * w.x_scales[at], acc[i]);
    }
  }
}

/// Types with blocks of 256.
INLINE void panel_tile_256(const panel *p, tile w, size_t blocks, const int R, const int T, v16f *acc,
                           const stoa_type type) {
  const int quads = quads_in_sub_block(type), together = has_levels(type) ? quads : quads_to_scale(type);
  const int sub_blocks = 64 / quads, pairs = sub_blocks / 2;
  for (size_t b = 0; b < blocks; b++) {
    v16i total[MAX_TILE];
    UNROLL for (int i = 0; i < R * T; i++) total[i] = splat_int(0);
    for (int j = 0; j < sub_blocks; j++) {
      v16i sum[MAX_TILE];
      UNROLL for (int i = 0; i < R * T; i++) {
        sum[i] = type == STOA_Q2_K ? pairs_begin(total[i])
                 : has_levels(type) ? q8_start(w.sums32[((size_t)(i % T) * w.blocks + b) * 8 + (size_t)j])
                                    : pairs_begin(splat_int(0));
      }
      UNROLL for (int v = 0; v < quads; v++) {
        v16i c[ROW_GROUPS];
        fence();
        UNROLL for (int r = 0; r < R; r++) c[r] = panel_codes(p, b * 64 + (size_t)(j * quads + v), r);
        UNROLL for (int t = 0; t < T; t++) {
          v16i quad = splat_quad(w.x + (size_t)t * w.columns + b * 256 + (size_t)(j * quads + v) * 4);
          UNROLL for (int i = t; i < R * T; i += T) {
            sum[i] = has_levels(type) ? dot4_q8(sum[i], c[i / T], quad) : dot4_pairs(sum[i], c[i / T], quad);
            pin(sum + i);
          }
        }
        if ((v + 1) % together != 0) continue;
        UNROLL for (int i = 0; i < R * T; i++) {
          if (type == STOA_Q2_K) {
            total[i] = pairs_end(total[i], sum[i]);
            sum[i] = pairs_begin(total[i]);
          } else if (has_levels(type)) {
            total[i] += sum[i] * p->scales[b * 8 + (size_t)j][i / T];
          } else {
            v16i scale = p->scales[b * (size_t)sub_blocks + (size_t)j][i / T];
            total[i] = add_scaled_pairs(type, total[i], sum[i], scale);
            sum[i] = pairs_begin(splat_int(0));
          }
        }
      }
    }
    // Minima have a scale of their own; offsets of codes come off the total.
    v16i minima[MAX_TILE], *sums = has_minima_k(type) ? minima : total;
    UNROLL for (int i = 0; i < R * T; i++) minima[i] = splat_int(0);
    if (!has_levels(type)) {
      UNROLL for (int j = 0; j < pairs; j++) {
        UNROLL for (int t = 0; t < T; t++) {
          size_t at = (size_t)t * w.blocks + b;
          v16i x_sums = splat_quad((quads == 8 ? w.sums32 : w.sums16) + at * (size_t)sub_blocks + j * 2);
          UNROLL for (int i = t; i < R * T; i += T) {
            sums[i] = dot2(sums[i], p->pairs[b * (size_t)pairs + (size_t)j][i / T], x_sums);
          }
        }
      }
    }
    UNROLL for (int i = 0; i < R * T; i++) {
      float x_scale = w.x_scales[(size_t)(i % T) * w.blocks + b];
      acc[i] = fma16(to_float(total[i]), p->d[b][i / T] * x_scale, acc[i]);
      if (has_minima_k(type)) acc[i] = fma16(-to_float(minima[i]), p->m[b][i / T] * x_scale, acc[i]);
    }
  }
}

/// What y holds of a row group for a token; rows past the last are zero.
INLINE v16f load_rows(const stoa_matmul *job, size_t row, size_t token) {
  float values[GROUP] = {0};
  size_t count = job->rows - row < GROUP ? job->rows - row : GROUP;
  if (count == GROUP) return load_floats(job->y + token * job->y_stride + row);
  memcpy(values, job->y + token * job->y_stride + row, count * sizeof(float));
  return load_floats(values);
}

/// Row groups [begin, end) for the first `tokens` tokens, a multiple of TILE_PANEL.
INLINE void matmul_panels(const stoa_matmul *job, size_t begin, size_t end, size_t tokens, const stoa_type type) {
  enum { T = TILE_PANEL, R = ROW_GROUPS };
  layout l = layout_of(type);
  size_t columns = job->x.columns, block = l.columns, bytes = group_bytes(l, columns);
  panel p;
  for (size_t g = begin; g < end; g += R) {
    for (size_t column = 0; column < columns; column += PANEL_COLUMNS) {
      size_t left = columns - column, count = (left < PANEL_COLUMNS ? left : PANEL_COLUMNS) / block;
      for (int r = 0; r < R; r++) {
        // A group without a partner is computed twice and stored once.
        const uint8_t *group = (const uint8_t *)job->weights + (g + (size_t)r < end ? g + (size_t)r : g) * bytes;
        for (size_t i = 0; i < count; i++) {
          if (block == 32) unpack_32(&p, i, r, group, column / 32 + i, type);
          else unpack_256(&p, i, r, group, column / 256 + i, type);
        }
      }
      tile w = {NULL, 0, columns / block, columns, job->x.codes + column, job->x.scales + column / block,
                job->x.sums32 + column / 32, block == 256 ? job->x.sums16 + column / 16 : NULL};
      for (size_t t = 0; t < tokens; t += T) {
        v16f acc[R * T];
        UNROLL for (int i = 0; i < R * T; i++) {
          size_t of = g + (size_t)(i / T) < end ? g + (size_t)(i / T) : g;
          acc[i] = column == 0 ? splat(0) : load_rows(job, of * GROUP, t + (size_t)(i % T));
        }
        if (block == 32) panel_tile_32(&p, at_token(w, t), count, R, T, acc, type);
        else panel_tile_256(&p, at_token(w, t), count, R, T, acc, type);
        UNROLL for (int i = 0; i < R * T; i++) {
          size_t of = g + (size_t)(i / T);
          if (of < end) store_rows(job, of * GROUP, t + (size_t)(i % T), acc[i]);
        }
      }
    }
  }
}
