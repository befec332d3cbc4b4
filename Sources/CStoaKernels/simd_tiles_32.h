// Tiles of products with blocks of 32 columns. Lane r of a vector is row r of the group, so integers stay exact in
// their lanes and there is no horizontal sum. T is the number of tokens of a tile, a constant at each call, as is the
// type.

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
        pin(sum + t);
      }
    }
    v16f d = load_half(scales);
    UNROLL for (int t = 0; t < T; t++) {
      acc[t] = fma16(to_float(sum[t]), d * w.x_scales[(size_t)t * w.blocks + b], acc[t]);
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

/// How many products 16 bits hold of codes of a type: two of them are at most 2 * 127 times the largest code.
INLINE int products_in_pairs(const stoa_type type) {
  int largest = type == STOA_Q3_K ? 7 : type == STOA_MXFP4 ? 24 : type == STOA_Q6_K ? 63 : 15;
  if (has_fifth_bits(type)) largest = 31;
  return 32767 / (2 * 127 * largest);
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
  v16i c = load_codes(vector);
  c = (h ? c >> 4 : c) & splat_int(0x0f0f0f0f);
  if (has_fifth_bits(type)) c |= (bit < 4 ? bits << (4 - bit) : bits >> (bit - 4)) & splat_int(0x10101010);
  return has_levels(type) ? level_codes(c) : plain_codes(type, c);
}

/// Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL and MXFP4.
INLINE void tile_nibbles(tile w, const int T, v16f *acc, const stoa_type type) {
  const int together = SUB_BLOCKS(T);
  for (size_t b = 0; b < w.blocks; b++) {
    const uint8_t *codes = w.weights + codes_at(layout_of(type), b);
    const uint8_t *scales = w.weights + scales_at(layout_of(type), b), *nibbles = codes + fifth_vectors(type) * VECTOR;
    v16i sum[8], pairs[8], bits = splat_int(0);
    UNROLL for (int t = 0; t < T; t++) {
      sum[t] = nibble_start(type, w.sums32[(size_t)t * w.blocks + b]);
      pairs[t] = pairs_begin(sum[t]);
    }
    if (has_fifth_bits(type)) bits = load_codes(codes);
    UNROLL for (int first = 0; first < 2; first += together) {
      UNROLL for (int v = 0; v < 4; v++) {
        UNROLL for (int h = first; h < first + together; h++) {
          v16i c = nibble_codes(type, nibbles + v * VECTOR, h, bits, v + 4 * h);
          UNROLL for (int t = 0; t < T; t++) {
            v16i quad = splat_quad(w.x + (size_t)t * w.columns + b * 32 + h * 16 + v * 4);
            if (has_levels(type)) {
              sum[t] = dot4_q8(sum[t], c, quad);
              pin(sum + t);
            } else {
              pairs[t] = dot4_pairs(pairs[t], c, quad);
              pin(pairs + t);
            }
          }
        }
        // A block has eight products, of which 16 bits hold all or half.
        int products = first * 4 + (v + 1) * together;
        if (!has_levels(type) && (products == 8 || (products == 4 && products_in_pairs(type) < 8))) {
          UNROLL for (int t = 0; t < T; t++) {
            sum[t] = pairs_end(sum[t], pairs[t]);
            pairs[t] = pairs_begin(sum[t]);
          }
        }
      }
    }
    v16f d = block_scales(type, scales);
    UNROLL for (int t = 0; t < T; t++) {
      acc[t] = fma16(to_float(sum[t]), d * w.x_scales[(size_t)t * w.blocks + b], acc[t]);
    }
    if (has_minimum(type)) {
      v16f m = load_half(scales + MINIMA);
      UNROLL for (int t = 0; t < T; t++) {
        size_t at = (size_t)t * w.blocks + b;
        acc[t] = fma16(splat((float)w.sums32[at]), m * w.x_scales[at], acc[t]);
      }
    }
  }
}

INLINE void tile_q4_0(tile w, const int T, v16f *acc) { tile_nibbles(w, T, acc, STOA_Q4_0); }
INLINE void tile_q4_1(tile w, const int T, v16f *acc) { tile_nibbles(w, T, acc, STOA_Q4_1); }
INLINE void tile_q5_0(tile w, const int T, v16f *acc) { tile_nibbles(w, T, acc, STOA_Q5_0); }
INLINE void tile_q5_1(tile w, const int T, v16f *acc) { tile_nibbles(w, T, acc, STOA_Q5_1); }
INLINE void tile_iq4_nl(tile w, const int T, v16f *acc) { tile_nibbles(w, T, acc, STOA_IQ4_NL); }
INLINE void tile_mxfp4(tile w, const int T, v16f *acc) { tile_nibbles(w, T, acc, STOA_MXFP4); }
