// Tiles of products with blocks of 32 columns. Lane r of a vector is row r of the group, so integers stay exact in
// their lanes and there is no horizontal sum. R and T are the row groups and tokens of a tile, constants at each call,
// as is the type; sum r * T + t is of group r and token t.

INLINE void tile_q8_0(tile w, const int R, const int T, v16f *acc) {
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(STOA_Q8_0), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(STOA_Q8_0), b);
    v16i sum[MAX_TILE];
    UNROLL for (int i = 0; i < R * T; i++) sum[i] = q8_start(w.sums32[(size_t)(i % T) * w.blocks + b]);
    UNROLL for (int v = 0; v < 8; v++) {
      v16i c[ROW_GROUPS];
      fence();
      UNROLL for (int r = 0; r < R; r++) c[r] = load_codes(codes + r * w.group_bytes + v * VECTOR);
      UNROLL for (int t = 0; t < T; t++) {
        v16i quad = splat_quad(w.x + (size_t)t * w.columns + b * 32 + v * 4);
        UNROLL for (int r = 0; r < R; r++) {
          sum[r * T + t] = dot4_q8(sum[r * T + t], c[r], quad);
          pin(sum + r * T + t);
        }
      }
    }
    UNROLL for (int r = 0; r < R; r++) {
      v16f d = load_half(scales + r * w.group_bytes);
      UNROLL for (int t = 0; t < T; t++) {
        v16f *total = acc + r * T + t;
        *total = fma16(to_float(sum[r * T + t]), d * w.x_scales[(size_t)t * w.blocks + b], *total);
      }
    }
  }
}

/// What the codes of a type, or the levels they become, are above what they stand for.
INLINE int code_zero(const stoa_type type) {
  return type == STOA_Q4_0 ? 8 : type == STOA_MXFP4 ? 12 : type == STOA_Q5_0 ? 16 : 0;
}

/// What the sum of a block starts with so that unsigned codes count from their zero.
INLINE v16i nibble_start(const stoa_type type, int32_t x_sum) {
  if (has_levels(type)) return q8_start(x_sum);
  return splat_int(-code_zero(type) * x_sum);
}

/// The unsigned codes that nibbles stand for; not for types whose levels take all 8 bits.
INLINE v16i plain_codes(const stoa_type type, v16i codes) {
  if (type != STOA_MXFP4) return codes;
  __m128i table = _mm_loadu_si128((const __m128i *)MXFP4_LEVELS);
  return look_up(_mm_add_epi8(table, _mm_set1_epi8((char)code_zero(type))), codes);
}

/// The levels of IQ4_NL and IQ4_XS as codes of Q8_0.
INLINE v16i level_codes(v16i codes) {
  __m128i table = _mm_loadu_si128((const __m128i *)IQ4_LEVELS);
  return look_up(_mm_xor_si128(table, _mm_set1_epi8((char)0x80)), codes);
}

/// The scales of a block of 16 rows.
INLINE v16f block_scales(const stoa_type type, const uint8_t *scales) {
  return type == STOA_MXFP4 ? (v16f)(widen_halves(scales) << 16) : load_half(scales);
}

/// The codes in the low (h = 0) or high nibbles of a vector, whose fifth bits are the given one of `bits`.
INLINE v16i nibble_codes(const stoa_type type, const uint8_t *vector, int h, v16i bits, int bit) {
  v16i c = h ? load_lanes(vector) : load_codes(vector);
  c = (h ? c >> 4 : c) & splat_int(0x0f0f0f0f);
  if (has_fifth_bits(type)) c |= (bit < 4 ? bits << (4 - bit) : bits >> (bit - 4)) & splat_int(0x10101010);
  return has_levels(type) ? level_codes(c) : plain_codes(type, c);
}

/// Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL and MXFP4.
INLINE void tile_nibbles(tile w, const int R, const int T, v16f *acc, const stoa_type type) {
  const int together = SUB_BLOCKS(R * T), quads = quads_in_pairs(type);
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(type), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(type), b), *nibbles = codes + fifth_vectors(type) * VECTOR;
    v16i sum[MAX_TILE], pairs[MAX_TILE], bits[ROW_GROUPS] = {{0}};
    UNROLL for (int i = 0; i < R * T; i++) {
      sum[i] = nibble_start(type, w.sums32[(size_t)(i % T) * w.blocks + b]);
      pairs[i] = pairs_begin(sum[i]);
    }
    if (has_fifth_bits(type)) {
      UNROLL for (int r = 0; r < R; r++) bits[r] = load_codes(codes + r * w.group_bytes);
    }
    UNROLL for (int first = 0; first < 2; first += together) {
      UNROLL for (int v = 0; v < 4; v++) {
        UNROLL for (int h = first; h < first + together; h++) {
          v16i c[ROW_GROUPS];
          fence();
          UNROLL for (int r = 0; r < R; r++) {
            c[r] = nibble_codes(type, nibbles + r * w.group_bytes + v * VECTOR, h, bits[r], v + 4 * h);
          }
          UNROLL for (int t = 0; t < T; t++) {
            v16i quad = splat_quad(w.x + (size_t)t * w.columns + b * 32 + h * 16 + v * 4);
            UNROLL for (int i = t; i < R * T; i += T) {
              if (has_levels(type)) {
                sum[i] = dot4_q8(sum[i], c[i / T], quad);
                pin(sum + i);
              } else {
                pairs[i] = dot4_pairs(pairs[i], c[i / T], quad);
                pin(pairs + i);
              }
            }
          }
        }
        if (!has_levels(type) && (first * 4 + (v + 1) * together) % quads == 0) {
          UNROLL for (int i = 0; i < R * T; i++) {
            sum[i] = pairs_end(sum[i], pairs[i]);
            pairs[i] = pairs_begin(sum[i]);
          }
        }
      }
    }
    UNROLL for (int r = 0; r < R; r++) {
      v16f d = block_scales(type, scales + r * w.group_bytes);
      v16f m = has_minimum(type) ? load_half(scales + r * w.group_bytes + MINIMA) : splat(0);
      UNROLL for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * w.blocks + b;
        v16f *total = acc + r * T + t;
        *total = fma16(to_float(sum[r * T + t]), d * w.x_scales[at], *total);
        if (has_minimum(type)) *total = fma16(splat((float)w.sums32[at]), m * w.x_scales[at], *total);
      }
    }
  }
}

INLINE void tile_q4_0(tile w, const int R, const int T, v16f *acc) { tile_nibbles(w, R, T, acc, STOA_Q4_0); }
INLINE void tile_q4_1(tile w, const int R, const int T, v16f *acc) { tile_nibbles(w, R, T, acc, STOA_Q4_1); }
INLINE void tile_q5_0(tile w, const int R, const int T, v16f *acc) { tile_nibbles(w, R, T, acc, STOA_Q5_0); }
INLINE void tile_q5_1(tile w, const int R, const int T, v16f *acc) { tile_nibbles(w, R, T, acc, STOA_Q5_1); }
INLINE void tile_iq4_nl(tile w, const int R, const int T, v16f *acc) { tile_nibbles(w, R, T, acc, STOA_IQ4_NL); }
INLINE void tile_mxfp4(tile w, const int R, const int T, v16f *acc) { tile_nibbles(w, R, T, acc, STOA_MXFP4); }
