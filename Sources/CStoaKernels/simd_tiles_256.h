// Tiles of products with super-blocks of 256 columns; lanes, R, T and types as in simd_tiles_32.h.

/// The end of a block: total times scale, and the minima off it.
INLINE void add_minima(tile w, const int R, const int T, size_t b, const v16i *total, const v16i *minima,
                       const uint8_t *scale, v16f *acc) {
  UNROLL for (int r = 0; r < R; r++) {
    v16f d = load_half(scale + r * w.group_bytes), dmin = load_half(scale + r * w.group_bytes + HALVES);
    UNROLL for (int i = r * T; i < (r + 1) * T; i++) {
      float x_scale = w.x_scales[(size_t)(i % T) * w.blocks + b];
      acc[i] = fma16(to_float(total[i]), d * x_scale, acc[i]);
      acc[i] = fma16(-to_float(minima[i]), dmin * x_scale, acc[i]);
    }
  }
}

/// The integer scale of sub-block j of Q4_K, Q5_K and IQ4_XS.
INLINE v16i sub_block_scale(const stoa_type type, const uint8_t *scales, int j) {
  if (type != STOA_IQ4_XS) return widen_bytes(scales + j * GROUP);
  v16i low = load_lanes(scales) >> (4 * j), upper = widen_halves(scales + IQ4_XS_UPPER) >> (2 * j);
  return ((low & 15) | (upper & 3) << 4) - 32;
}

/// Q4_K, Q5_K and IQ4_XS: eight sub-blocks of 32.
INLINE void tile_nibbles_k(tile w, const int R, const int T, v16f *acc, const stoa_type type) {
  const int together = SUB_BLOCKS(R * T), quads = has_levels(type) ? 8 : quads_to_scale(type);
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(type), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(type), b);
    v16i total[MAX_TILE];
    UNROLL for (int i = 0; i < R * T; i++) total[i] = splat_int(0);
    for (int g = 0; g < 4; g++) {
      const uint8_t *part = codes + (size_t)g * nibble_part(type), *nibbles = part + fifth_vectors(type) * VECTOR;
      const int8_t *x = w.x + b * 256 + g * 64;
      v16i bits[ROW_GROUPS][2] = {{{0}, {0}}};
      if (has_fifth_bits(type)) {
        UNROLL for (int i = 0; i < 2 * R; i++) {
          bits[i / 2][i % 2] = load_codes(part + i / 2 * w.group_bytes + i % 2 * VECTOR);
        }
      }
      UNROLL for (int first = 0; first < 2; first += together) {
        v16i sum[MAX_TILE][2];
        UNROLL for (int i = 0; i < R * T; i++) {
          const int16_t *x_sums = w.sums32 + ((size_t)(i % T) * w.blocks + b) * 8 + g * 2;
          UNROLL for (int h = first; h < first + together; h++) {
            sum[i][h] = has_levels(type) ? q8_start(x_sums[h]) : pairs_begin(splat_int(0));
          }
        }
        UNROLL for (int v = 0; v < 8; v++) {
          UNROLL for (int h = first; h < first + together; h++) {
            v16i c[ROW_GROUPS];
            fence();
            UNROLL for (int r = 0; r < R; r++) {
              c[r] = nibble_codes(type, nibbles + r * w.group_bytes + v * VECTOR, h, bits[r][h], v);
            }
            UNROLL for (int t = 0; t < T; t++) {
              v16i quad = splat_quad(x + (size_t)t * w.columns + h * 32 + v * 4);
              UNROLL for (int i = t; i < R * T; i += T) {
                v16i *at = sum[i] + h;
                *at = has_levels(type) ? dot4_q8(*at, c[i / T], quad) : dot4_pairs(*at, c[i / T], quad);
                pin(at);
              }
            }
            if ((v + 1) % quads != 0) continue;
            UNROLL for (int r = 0; r < R; r++) {
              v16i scale = sub_block_scale(type, scales + r * w.group_bytes, 2 * g + h);
              v16i factor = pairs_scale(type, scale);
              UNROLL for (int i = r * T; i < (r + 1) * T; i++) {
                if (has_levels(type)) {
                  total[i] += sum[i][h] * scale;
                } else {
                  total[i] = add_scaled_pairs(type, total[i], sum[i][h], factor);
                  sum[i][h] = pairs_begin(splat_int(0));
                }
              }
            }
          }
        }
      }
    }
    if (type == STOA_IQ4_XS) {
      UNROLL for (int r = 0; r < R; r++) {
        v16f d = load_half(scales + r * w.group_bytes + d_at(type));
        UNROLL for (int t = 0; t < T; t++) {
          v16f *at = acc + r * T + t;
          *at = fma16(to_float(total[r * T + t]), d * w.x_scales[(size_t)t * w.blocks + b], *at);
        }
      }
      continue;
    }
    v16i minima[MAX_TILE];
    UNROLL for (int i = 0; i < R * T; i++) minima[i] = splat_int(0);
    UNROLL for (int p = 0; p < 4; p++) {
      UNROLL for (int r = 0; r < R; r++) {
        v16i m = widen_pairs(scales + r * w.group_bytes + Q4_K_MINIMA + p * 2 * GROUP);
        UNROLL for (int t = 0; t < T; t++) {
          v16i *at = minima + r * T + t;
          *at = dot2(*at, m, splat_quad(w.sums32 + ((size_t)t * w.blocks + b) * 8 + p * 2));
        }
      }
    }
    add_minima(w, R, T, b, total, minima, scales + d_at(type), acc);
  }
}

/// What Q2_K keeps of two sub-blocks in a pair of bytes: the scale of one of them in both halves of a lane, and minima.
INLINE v16i q2_scale(v16i both, int h) {
  v16i pair = both & splat_int(0x000f000f);
  return h ? pair >> 16 | (pair & ~0xffff) : (pair & 0xffff) | pair << 16;
}
INLINE v16i q2_minima(v16i both) { return (both >> 4) & splat_int(0x000f000f); }

/// Quad s of a vector of Q2_K's codes times their scale.
INLINE v16i q2_scaled(v16i codes, int s, v16i scale) {
  return multiply_halves((codes >> (2 * s)) & splat_int(0x03030303), scale);
}

/// Q2_K: sixteen sub-blocks of 16. A code times its 4-bit scale is at most 45, so the product is the byte that goes
/// into the dot product, of which 16 bits hold two, and all sub-blocks share one sum.
INLINE void tile_q2_k(tile w, const int R, const int T, v16f *acc) {
  // Few tokens share their sum among several registers, or each dot product would wait for the one before.
  const int chains = R * T == 1 ? 4 : R * T == 2 ? 2 : 1;
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(STOA_Q2_K), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(STOA_Q2_K), b);
    v16i total[MAX_TILE], minima[MAX_TILE];
    UNROLL for (int i = 0; i < R * T * chains; i++) total[i] = splat_int(0);
    UNROLL for (int i = 0; i < R * T; i++) minima[i] = splat_int(0);
    for (size_t p = 0; p < 8; p++) {
      v16i m[ROW_GROUPS], scale[ROW_GROUPS][2];
      UNROLL for (int r = 0; r < R; r++) {
        v16i both = widen_pairs(codes + r * w.group_bytes + q2_scale_at(2 * p, 0));
        m[r] = q2_minima(both);
        scale[r][0] = q2_scale(both, 0);
        scale[r][1] = q2_scale(both, 1);
      }
      UNROLL for (int h = 0; h < 2; h++) {
        v16i c[ROW_GROUPS];
        UNROLL for (int r = 0; r < R; r++) {
          c[r] = load_codes(codes + r * w.group_bytes + q2_codes_at(2 * p + (size_t)h));
        }
        UNROLL for (int s = 0; s < 4; s += 2) {
          v16i scaled[ROW_GROUPS], next[ROW_GROUPS];
          UNROLL for (int r = 0; r < R; r++) {
            scaled[r] = q2_scaled(c[r], s, scale[r][h]);
            next[r] = q2_scaled(c[r], s + 1, scale[r][h]);
          }
          UNROLL for (int t = 0; t < T; t++) {
            const int8_t *x = w.x + (size_t)t * w.columns + b * 256 + p * 32 + (size_t)(h * 16 + s * 4);
            v16i quad = splat_quad(x), next_quad = splat_quad(x + 4);
            UNROLL for (int r = 0; r < R; r++) {
              v16i *sum = total + (r * T + t) * chains + (h * 2 + s / 2) % chains;
              v16i pairs = dot4_pairs(pairs_begin(*sum), scaled[r], quad);
              *sum = pairs_end(*sum, dot4_pairs(pairs, next[r], next_quad));
              pin(sum);
            }
          }
        }
      }
      UNROLL for (int t = 0; t < T; t++) {
        v16i x_sums = splat_quad(w.sums16 + ((size_t)t * w.blocks + b) * 16 + p * 2);
        UNROLL for (int r = 0; r < R; r++) minima[r * T + t] = dot2(minima[r * T + t], m[r], x_sums);
      }
    }
    UNROLL for (int i = 0; i < R * T; i++) {
      v16i sum = total[i * chains];
      UNROLL for (int chain = 1; chain < chains; chain++) sum += total[i * chains + chain];
      total[i] = sum;
    }
    add_minima(w, R, T, b, total, minima, scales + d_at(STOA_Q2_K), acc);
  }
}

/// The codes of Q3_K and Q6_K for quad v of the first (h = 0) or the second 16 of 32 columns.
INLINE v16i signed_codes(const stoa_type type, const uint8_t *pair, int v, int h) {
  if (type == STOA_Q3_K) {
    v16i c = load_codes(pair + h * VECTOR), bits = load_codes(pair + 2 * VECTOR);
    v16i third = h ? bits >> (v + 2) : v < 2 ? bits << (2 - v) : bits >> (v - 2);
    return ((c >> (2 * v)) & splat_int(0x03030303)) | (third & splat_int(0x04040404));
  }
  v16i c = load_codes(pair + q6_low_at((size_t)v)), bits = load_codes(pair + q6_high_at((size_t)v));
  v16i upper = h ? (v % 2 ? bits >> 2 : bits << 2) : v % 2 ? bits : bits << 4;
  return ((h ? c >> 4 : c) & splat_int(0x0f0f0f0f)) | (upper & splat_int(0x30303030));
}

/// The signed scales of sub-blocks 2p and 2p + 1 as 16-bit values.
INLINE v16i signed_pair(const stoa_type type, const uint8_t *scales, int p) {
  if (type == STOA_Q6_K) return widen_signed_pairs(scales + p * 2 * GROUP);
  v16i low = (load_lanes(scales + p / 4 * VECTOR) >> (p % 4 * 4)) & 0x000f000f;
  v16i upper = (load_lanes(scales + Q3_K_UPPER) >> (p * 2)) & 0x00030003;
  return (v16i)((v32s)(low | upper << 4) - 32);
}

/// Factors that take the codes' offset of 4 or 32 off a sum, in integers.
INLINE v16i zero_pair(const stoa_type type, v16i pair) { return (v16i)(-((v32s)pair << (type == STOA_Q3_K ? 2 : 5))); }

/// Q3_K and Q6_K: sixteen sub-blocks of 16 with signed scales.
INLINE void tile_signed_k(tile w, const int R, const int T, v16f *acc, const stoa_type type) {
  const int together = SUB_BLOCKS(R * T), quads = quads_to_scale(type);
  const int pair_bytes = type == STOA_Q3_K ? Q3_K_PAIR : Q6_K_PAIR;
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(type), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(type), b);
    v16i total[MAX_TILE];
    UNROLL for (int i = 0; i < R * T; i++) total[i] = splat_int(0);
    for (int p = 0; p < 8; p++) {
      v16i pair[ROW_GROUPS];
      UNROLL for (int r = 0; r < R; r++) pair[r] = signed_pair(type, scales + r * w.group_bytes, p);
      const int8_t *x = w.x + b * 256 + p * 32;
      UNROLL for (int first = 0; first < 2; first += together) {
        v16i sum[MAX_TILE][2];
        UNROLL for (int i = 0; i < R * T; i++) sum[i][first] = sum[i][first + together - 1] = pairs_begin(splat_int(0));
        UNROLL for (int v = 0; v < 4; v++) {
          UNROLL for (int h = first; h < first + together; h++) {
            v16i c[ROW_GROUPS];
            fence();
            UNROLL for (int r = 0; r < R; r++) {
              c[r] = signed_codes(type, codes + r * w.group_bytes + p * pair_bytes, v, h);
            }
            UNROLL for (int t = 0; t < T; t++) {
              v16i quad = splat_quad(x + (size_t)t * w.columns + h * 16 + v * 4);
              UNROLL for (int i = t; i < R * T; i += T) {
                sum[i][h] = dot4_pairs(sum[i][h], c[i / T], quad);
                pin(sum[i] + h);
              }
            }
            if ((v + 1) % quads != 0) continue;
            UNROLL for (int r = 0; r < R; r++) {
              v16i scale = pairs_scale(type, (h ? pair[r] : pair[r] << 16) >> 16);
              UNROLL for (int i = r * T; i < (r + 1) * T; i++) {
                total[i] = add_scaled_pairs(type, total[i], sum[i][h], scale);
                sum[i][h] = pairs_begin(splat_int(0));
              }
            }
          }
        }
      }
      UNROLL for (int r = 0; r < R; r++) pair[r] = zero_pair(type, pair[r]);
      UNROLL for (int t = 0; t < T; t++) {
        v16i x_sums = splat_quad(w.sums16 + ((size_t)t * w.blocks + b) * 16 + p * 2);
        UNROLL for (int r = 0; r < R; r++) total[r * T + t] = dot2(total[r * T + t], pair[r], x_sums);
      }
    }
    UNROLL for (int r = 0; r < R; r++) {
      v16f d = load_half(scales + r * w.group_bytes + d_at(type));
      UNROLL for (int i = r * T; i < (r + 1) * T; i++) {
        acc[i] = fma16(to_float(total[i]), d * w.x_scales[(size_t)(i % T) * w.blocks + b], acc[i]);
      }
    }
  }
}

INLINE void tile_q3_k(tile w, const int R, const int T, v16f *acc) { tile_signed_k(w, R, T, acc, STOA_Q3_K); }
INLINE void tile_q4_k(tile w, const int R, const int T, v16f *acc) { tile_nibbles_k(w, R, T, acc, STOA_Q4_K); }
INLINE void tile_q5_k(tile w, const int R, const int T, v16f *acc) { tile_nibbles_k(w, R, T, acc, STOA_Q5_K); }
INLINE void tile_q6_k(tile w, const int R, const int T, v16f *acc) { tile_signed_k(w, R, T, acc, STOA_Q6_K); }
INLINE void tile_iq4_xs(tile w, const int R, const int T, v16f *acc) { tile_nibbles_k(w, R, T, acc, STOA_IQ4_XS); }
