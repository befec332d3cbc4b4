// Loads, stores, reductions and the exponential on 16 lanes; included after the primitives.

INLINE v16f load_floats(const float *p) {
  v16f v;
  memcpy(&v, p, 64);
  return v;
}

INLINE void store_floats(float *p, v16f v) { memcpy(p, &v, 64); }

/// Bytes that weights are fetched ahead; a token at a time is as fast as memory, and hardware alone looks too few lines
/// ahead. Fetching past the end of the weights does no harm.
#define FETCH_AHEAD 4096

INLINE v16i load_codes(const uint8_t *p) {
  __builtin_prefetch(p + FETCH_AHEAD);
  v16i v;
  memcpy(&v, p, 64);
  return v;
}

/// One 32-bit lane a row, from among the scales.
INLINE v16i load_lanes(const uint8_t *p) {
  v16i v;
  memcpy(&v, p, 64);
  return v;
}

/// By its bits: added to a zero it would be an addition, since -0 does not stay what it is.
INLINE v16f splat(float x) {
  int32_t bits;
  memcpy(&bits, &x, 4);
  return (v16f)((v16i){0} + bits);
}

/// Four bytes (or two 16-bit values) in every lane.
INLINE v16i splat_quad(const void *p) {
  int32_t x;
  memcpy(&x, p, 4);
  return (v16i){0} + x;
}

INLINE v16i splat_int(int32_t x) { return (v16i){0} + x; }

/// 16 unsigned bytes to 32-bit lanes.
INLINE v16i widen_bytes(const uint8_t *p) {
  v16b b;
  memcpy(&b, p, 16);
  return __builtin_convertvector(b, v16i);
}

/// 16 unsigned 16-bit values to 32-bit lanes.
INLINE v16i widen_halves(const uint8_t *p) {
  v16h h;
  memcpy(&h, p, 32);
  return __builtin_convertvector(h, v16i);
}

/// Products of 16-bit values, two in a lane; they must fit in 16 bits.
INLINE v16i multiply_halves(v16i a, v16i b) { return (v16i)((v32s)a * (v32s)b); }

/// 32 unsigned bytes to 16-bit values, two in a lane.
INLINE v16i widen_pairs(const uint8_t *p) {
  v32b b;
  memcpy(&b, p, 32);
  return (v16i)__builtin_convertvector(b, v32s);
}

/// 32 signed bytes to 16-bit values, two in a lane.
INLINE v16i widen_signed_pairs(const uint8_t *p) {
  v32c b;
  memcpy(&b, p, 32);
  return (v16i)__builtin_convertvector(b, v32s);
}

INLINE v16f to_float(v16i v) { return __builtin_convertvector(v, v16f); }

INLINE v16f fma16(v16f a, v16f b, v16f c) { return __builtin_elementwise_fma(a, b, c); }

/// The fixed tree: the upper half is added to the lower half until one lane is left.
INLINE float tree(v16f v) {
  typedef float v8f __attribute__((vector_size(32)));
  typedef float v4f __attribute__((vector_size(16)));
  v8f a = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) +
          __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  v4f b = __builtin_shufflevector(a, a, 0, 1, 2, 3) + __builtin_shufflevector(a, a, 4, 5, 6, 7);
  return (b[0] + b[2]) + (b[1] + b[3]);
}

/// The largest lane, of which none is NaN.
INLINE float largest_lane(v16f v) {
  typedef float v8f __attribute__((vector_size(32)));
  typedef float v4f __attribute__((vector_size(16)));
  v8f a = __builtin_elementwise_max(__builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7),
                                    __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15));
  v4f b = __builtin_elementwise_max(__builtin_shufflevector(a, a, 0, 1, 2, 3),
                                    __builtin_shufflevector(a, a, 4, 5, 6, 7));
  float c = b[0] > b[2] ? b[0] : b[2], d = b[1] > b[3] ? b[1] : b[3];
  return c > d ? c : d;
}

/// Lanes of `yes` where the mask is all ones, lanes of `no` where it is zero.
INLINE v16f select16(v16i mask, v16f yes, v16f no) { return (v16f)(((v16i)yes & mask) | ((v16i)no & ~mask)); }

INLINE v16f exp16(v16f x) {
  v16f clamped = select16(x > EXP_HIGH, splat(EXP_HIGH), x);
  v16f shifted = fma16(clamped, splat(EXP_LOG2E), splat(EXP_ROUND));
  v16f n = shifted - EXP_ROUND;
  v16f r = fma16(n, splat(-EXP_LN2_HIGH), clamped);
  r = fma16(n, splat(-EXP_LN2_LOW), r);
  v16f p = fma16(splat(EXP_C6), r, splat(EXP_C5));
  p = fma16(p, r, splat(EXP_C4));
  p = fma16(p, r, splat(EXP_C3));
  p = fma16(p, r, splat(EXP_C2));
  p = fma16(p, r, splat(1.0f));
  p = fma16(p, r, splat(1.0f));
  v16f result = (v16f)((v16i)p + ((v16i)shifted << 23));
  return select16(x < EXP_LOW, splat(0.0f), result);
}
