// Dot products that come in 32 bits at once need no sums in 16 bits on the way.

INLINE v16i pairs_begin(v16i acc) { return acc; }

INLINE v16i dot4_pairs(v16i pairs, v16i u, v16i s) { return dot4(pairs, u, s); }

INLINE v16i pairs_end(v16i acc, v16i pairs) {
  (void)acc;
  return pairs;
}

INLINE v16i pairs_scale(v16i scale) { return scale; }

INLINE v16i add_scaled_pairs(v16i total, v16i pairs, v16i scale) { return total + pairs * scale; }
