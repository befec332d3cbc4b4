// Tiles of products with super-blocks of 256 columns; lanes, T and types as in simd_tiles_32.h.

/// The end of a block: total times scale, and the minima off it.
INLINE void add_minima(tile w, const int T, size_t b, const v16i *total, const v16i *minima, const uint8_t *d_at,
                       v16f *acc) {
  v16f d = load_half(d_at), dmin = load_half(d_at + HALVES);
  UNROLL for (int t = 0; t < T; t++) {
    float x_scale = w.x_scales[(size_t)t * w.blocks + b];
    acc[t] = fma16(to_float(total[t]), d * x_scale, acc[t]);
    acc[t] = fma16(-to_float(minima[t]), dmin * x_scale, acc[t]);
  }
}

/// Integer scales of sub-blocks 2g and 2g + 1 of Q4_K, Q5_K and IQ4_XS.
INLINE void pair_of_scales(const stoa_type type, const uint8_t *scales, int g, v16i *first, v16i *second) {
  if (type == STOA_IQ4_XS) {
    v16i low = load_lanes(scales) >> (8 * g), upper = widen_halves(scales + IQ4_XS_UPPER) >> (4 * g);
    *first = ((low & 15) | (upper & 3) << 4) - 32;
    *second = ((low >> 4 & 15) | (upper >> 2 & 3) << 4) - 32;
  } else {
    *first = widen_bytes(scales + 2 * g * GROUP);
    *second = widen_bytes(scales + (2 * g + 1) * GROUP);
  }
}

/// Q4_K, Q5_K and IQ4_XS: eight sub-blocks of 32.
INLINE void tile_nibbles_k(tile w, const int T, v16f *acc, const stoa_type type) {
  const int together = SUB_BLOCKS(T);
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(type), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(type), b);
    v16i total[8];
    UNROLL for (int t = 0; t < T; t++) total[t] = splat_int(0);
    for (int g = 0; g < 4; g++) {
      const uint8_t *part = codes + (size_t)g * nibble_part(type), *nibbles = part + fifth_vectors(type) * VECTOR;
      const int8_t *x = w.x + b * 256 + g * 64;
      v16i scale[2], bits[2] = {{0}, {0}};
      pair_of_scales(type, scales, g, scale, scale + 1);
      if (has_fifth_bits(type)) {
        bits[0] = load_codes(part);
        bits[1] = load_codes(part + VECTOR);
      }
      UNROLL for (int first = 0; first < 2; first += together) {
        v16i sum[8][2];
        UNROLL for (int t = 0; t < T; t++) {
          const int16_t *x_sums = w.sums32 + ((size_t)t * w.blocks + b) * 8 + g * 2;
          UNROLL for (int h = first; h < first + together; h++) {
            sum[t][h] = has_levels(type) ? q8_start(x_sums[h]) : pairs_begin(splat_int(0));
          }
        }
        UNROLL for (int v = 0; v < 8; v++) {
          UNROLL for (int h = first; h < first + together; h++) {
            v16i c = nibble_codes(type, nibbles + v * VECTOR, h, bits[h], v);
            UNROLL for (int t = 0; t < T; t++) {
              v16i quad = splat_quad(x + (size_t)t * w.columns + h * 32 + v * 4);
              sum[t][h] = has_levels(type) ? dot4_q8(sum[t][h], c, quad) : dot4_pairs(sum[t][h], c, quad);
              pin(sum[t] + h);
            }
            if (has_levels(type) && v == 7) {
              UNROLL for (int t = 0; t < T; t++) total[t] += sum[t][h] * scale[h];
            } else if (!has_levels(type) && (v == 7 || (v == 3 && products_in_pairs(type) < 8))) {
              v16i factor = pairs_scale(scale[h]);
              UNROLL for (int t = 0; t < T; t++) {
                total[t] = add_scaled_pairs(total[t], sum[t][h], factor);
                sum[t][h] = pairs_begin(splat_int(0));
              }
            }
          }
        }
      }
    }
    if (type == STOA_IQ4_XS) {
      v16f d = load_half(scales + IQ4_XS_D);
      UNROLL for (int t = 0; t < T; t++) {
        acc[t] = fma16(to_float(total[t]), d * w.x_scales[(size_t)t * w.blocks + b], acc[t]);
      }
      continue;
    }
    v16i minima[8];
    UNROLL for (int t = 0; t < T; t++) minima[t] = splat_int(0);
    UNROLL for (int p = 0; p < 4; p++) {
      v16i m = widen_pairs(scales + Q4_K_MINIMA + p * 2 * GROUP);
      UNROLL for (int t = 0; t < T; t++) {
        minima[t] = dot2(minima[t], m, splat_quad(w.sums32 + ((size_t)t * w.blocks + b) * 8 + p * 2));
      }
    }
    add_minima(w, T, b, total, minima, scales + Q4_K_D, acc);
  }
}

/// Q2_K: sixteen sub-blocks of 16. A code times its 4-bit scale is at most 45, so the product is the byte that goes
/// into the dot product, of which 16 bits hold two, and all sub-blocks share one sum.
INLINE void tile_q2_k(tile w, const int T, v16f *acc) {
  const v16i two_bits = splat_int(0x03030303), nibble = splat_int(0x000f000f);
  // Few tokens share their sum among several registers, or each dot product would wait for the one before.
  const int chains = T == 1 ? 4 : T == 2 ? 2 : 1;
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(STOA_Q2_K), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(STOA_Q2_K), b);
    v16i total[8], minima[8];
    UNROLL for (int i = 0; i < T * chains; i++) total[i] = splat_int(0);
    UNROLL for (int t = 0; t < T; t++) minima[t] = splat_int(0);
    for (size_t p = 0; p < 8; p++) {
      v16i both = widen_pairs(codes + q2_scale_at(2 * p, 0)), pair = both & nibble, m = (both >> 4) & nibble;
      v16i scale[2] = {(pair & 0xffff) | pair << 16, pair >> 16 | (pair & ~0xffff)};
      UNROLL for (int h = 0; h < 2; h++) {
        v16i c = load_codes(codes + q2_codes_at(2 * p + (size_t)h));
        UNROLL for (int s = 0; s < 4; s += 2) {
          v16i scaled = multiply_halves((c >> (2 * s)) & two_bits, scale[h]);
          v16i next = multiply_halves((c >> (2 * s + 2)) & two_bits, scale[h]);
          UNROLL for (int t = 0; t < T; t++) {
            const int8_t *x = w.x + (size_t)t * w.columns + b * 256 + p * 32 + (size_t)(h * 16 + s * 4);
            v16i *sum = total + t * chains + (h * 2 + s / 2) % chains;
            v16i pairs = dot4_pairs(pairs_begin(*sum), scaled, splat_quad(x));
            *sum = pairs_end(*sum, dot4_pairs(pairs, next, splat_quad(x + 4)));
            pin(sum);
          }
        }
      }
      UNROLL for (int t = 0; t < T; t++) {
        minima[t] = dot2(minima[t], m, splat_quad(w.sums16 + ((size_t)t * w.blocks + b) * 16 + p * 2));
      }
    }
    UNROLL for (int t = 0; t < T; t++) {
      v16i sum = total[t * chains];
      UNROLL for (int i = 1; i < chains; i++) sum += total[t * chains + i];
      total[t] = sum;
    }
    add_minima(w, T, b, total, minima, scales, acc);
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

/// Q3_K and Q6_K: sixteen sub-blocks of 16 with signed scales.
INLINE void tile_signed_k(tile w, const int T, v16f *acc, const stoa_type type) {
  const int together = SUB_BLOCKS(T);
  const int pair_bytes = type == STOA_Q3_K ? Q3_K_PAIR : Q6_K_PAIR, zero_shift = type == STOA_Q3_K ? 2 : 5;
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(type), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(type), b);
    v16i total[8], offset[8];
    UNROLL for (int t = 0; t < T; t++) total[t] = offset[t] = splat_int(0);
    for (int p = 0; p < 8; p++) {
      v16i pair = signed_pair(type, scales, p);
      v16i scale[2] = {pairs_scale((pair << 16) >> 16), pairs_scale(pair >> 16)};
      const int8_t *x = w.x + b * 256 + p * 32;
      UNROLL for (int first = 0; first < 2; first += together) {
        v16i sum[8][2];
        UNROLL for (int t = 0; t < T; t++) sum[t][first] = sum[t][first + together - 1] = pairs_begin(splat_int(0));
        UNROLL for (int v = 0; v < 4; v++) {
          UNROLL for (int h = first; h < first + together; h++) {
            v16i c = signed_codes(type, codes + p * pair_bytes, v, h);
            UNROLL for (int t = 0; t < T; t++) {
              v16i quad = splat_quad(x + (size_t)t * w.columns + h * 16 + v * 4);
              sum[t][h] = dot4_pairs(sum[t][h], c, quad);
              pin(sum[t] + h);
            }
            if (v == 3 || (v == 1 && products_in_pairs(type) < 4)) {
              UNROLL for (int t = 0; t < T; t++) {
                total[t] = add_scaled_pairs(total[t], sum[t][h], scale[h]);
                sum[t][h] = pairs_begin(splat_int(0));
              }
            }
          }
        }
      }
      UNROLL for (int t = 0; t < T; t++) {
        offset[t] = dot2(offset[t], pair, splat_quad(w.sums16 + ((size_t)t * w.blocks + b) * 16 + p * 2));
      }
    }
    v16f d = load_half(scales + (type == STOA_Q3_K ? Q3_K_D : Q6_K_D));
    UNROLL for (int t = 0; t < T; t++) {
      // The codes' offset of 4 or 32 comes off the sum in integers.
      v16i sum = total[t] - (offset[t] << zero_shift);
      acc[t] = fma16(to_float(sum), d * w.x_scales[(size_t)t * w.blocks + b], acc[t]);
    }
  }
}

INLINE void tile_q3_k(tile w, const int T, v16f *acc) { tile_signed_k(w, T, acc, STOA_Q3_K); }
INLINE void tile_q4_k(tile w, const int T, v16f *acc) { tile_nibbles_k(w, T, acc, STOA_Q4_K); }
INLINE void tile_q5_k(tile w, const int T, v16f *acc) { tile_nibbles_k(w, T, acc, STOA_Q5_K); }
INLINE void tile_q6_k(tile w, const int T, v16f *acc) { tile_signed_k(w, T, acc, STOA_Q6_K); }
INLINE void tile_iq4_xs(tile w, const int T, v16f *acc) { tile_nibbles_k(w, T, acc, STOA_IQ4_XS); }
