// Dot products in the 16-bit halves of lanes, for instruction sets whose widening to 32 bits is an instruction of its own:
// several products are added up before it. 16 bits hold `products_in_pairs` of them.

INLINE v16i pairs_begin(v16i acc) {
  (void)acc;
  return (v16i){0};
}

INLINE v16i dot4_pairs(v16i pairs, v16i u, v16i s) { return (v16i)((v32s)pairs + (v32s)multiply_pairs(u, s)); }

INLINE v16i pairs_end(v16i acc, v16i pairs) { return dot2(acc, pairs, (v16i)((v32s){0} + 1)); }

/// A factor of lanes for `add_scaled_pairs`: in both halves.
INLINE v16i pairs_scale(v16i scale) { return (scale & 0xffff) | scale << 16; }

INLINE v16i add_scaled_pairs(v16i total, v16i pairs, v16i scale) { return dot2(total, pairs, scale); }
