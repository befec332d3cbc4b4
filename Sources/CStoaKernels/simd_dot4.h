// Dot products that come in 32 bits at once need no sums in 16 bits on the way.

INLINE int quads_in_pairs(const stoa_type type) {
  (void)type;
  return 8;
}

INLINE v16i pairs_begin(v16i acc) { return acc; }

INLINE v16i dot4_pairs(v16i pairs, v16i u, v16i s) { return dot4(pairs, u, s); }

INLINE v16i pairs_end(v16i acc, v16i pairs) {
  (void)acc;
  return pairs;
}

/// Whether 16 bits hold the sum of half a sub-block, so that it is scaled by one instruction, dot2, in place of a
/// multiplication of 32 bits and an addition.
INLINE int scaled_by_halves(const stoa_type type) {
  return quads_in_sub_block(type) / 2 * 4 * 127 * largest_code(type) <= 32767;
}

INLINE int quads_to_scale(const stoa_type type) {
  int quads = quads_in_sub_block(type);
  return scaled_by_halves(type) && quads * 4 * 127 * largest_code(type) > 32767 ? quads / 2 : quads;
}

INLINE v16i pairs_scale(const stoa_type type, v16i scale) { return scaled_by_halves(type) ? scale & 0xffff : scale; }

INLINE v16i add_scaled_pairs(const stoa_type type, v16i total, v16i pairs, v16i scale) {
  return scaled_by_halves(type) ? dot2(total, pairs, scale) : total + pairs * scale;
}
