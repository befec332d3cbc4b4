// Dot products in the 16-bit halves of lanes, for instruction sets whose widening to 32 bits is an instruction of its own:
// several products are added up before it. 16 bits hold `quads_in_pairs` of them.

/// Quads of columns whose products 16 bits hold, of codes of a type: two of a half's products come with each.
INLINE int quads_in_pairs(const stoa_type type) {
  int quads = 32767 / (2 * 127 * largest_code(type));
  return quads < 4 ? 2 : quads < 8 ? 4 : 8;
}

INLINE v16i pairs_begin(v16i acc) {
  (void)acc;
  return (v16i){0};
}

INLINE v16i dot4_pairs(v16i pairs, v16i u, v16i s) { return (v16i)((v32s)pairs + (v32s)multiply_pairs(u, s)); }

INLINE v16i pairs_end(v16i acc, v16i pairs) { return dot2(acc, pairs, (v16i)((v32s){0} + 1)); }

/// Quads after which a sub-block's sum is scaled.
INLINE int quads_to_scale(const stoa_type type) {
  int quads = quads_in_sub_block(type);
  return quads_in_pairs(type) < quads ? quads_in_pairs(type) : quads;
}

/// A factor of lanes for `add_scaled_pairs`: in both halves.
INLINE v16i pairs_scale(const stoa_type type, v16i scale) {
  (void)type;
  return (scale & 0xffff) | scale << 16;
}

INLINE v16i add_scaled_pairs(const stoa_type type, v16i total, v16i pairs, v16i scale) {
  (void)type;
  return dot2(total, pairs, scale);
}
