// Primitives that AVX2 and AVX-VNNI share: 256-bit halves of the 64-byte vectors.

// 64-byte vectors never cross a call here, since everything that takes one is inlined.
#pragma clang diagnostic ignored "-Wpsabi"

#define ROW_GROUPS 1
#define TILE_32 4
#define TILE_256 4
#define TILE_PANEL 4
#define SUB_BLOCKS(sums) ((sums) > 2 ? 1 : 2)
#define TILE_ROWS 2
#define TILE_TOKENS 3
#define ATTENTION_ROWS 4
#define SCORE_VECTORS(R) ((R) > 2 ? 1 : 2)

INLINE __m256i lower(v16i v) {
  __m256i half;
  memcpy(&half, &v, 32);
  return half;
}

INLINE __m256i higher(v16i v) {
  __m256i half;
  memcpy(&half, (const char *)&v + 32, 32);
  return half;
}

INLINE v16i join(__m256i low, __m256i high) {
  v16i v;
  memcpy(&v, &low, 32);
  memcpy((char *)&v + 32, &high, 32);
  return v;
}

/// Keeps a sum in its registers here: left alone, the compiler reorders an unrolled loop until all its codes are spilled.
INLINE void pin(v16i *sum) {
  __m256i low = lower(*sum), high = higher(*sum);
  __asm__("" : "+x"(low), "+x"(high));
  *sum = join(low, high);
}

/// See simd_avx512.h; `pin` is enough here.
INLINE void fence(void) {}

INLINE v16f load_half(const void *p) {
  __m256 low = _mm256_cvtph_ps(_mm_loadu_si128(p));
  __m256 high = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)p + 1));
  return (v16f)join((__m256i)low, (__m256i)high);
}

INLINE void store_half(void *p, v16f x) {
  _mm_storeu_si128(p, _mm256_cvtps_ph((__m256)lower((v16i)x), _MM_FROUND_TO_NEAREST_INT));
  _mm_storeu_si128((__m128i *)p + 1, _mm256_cvtps_ph((__m256)higher((v16i)x), _MM_FROUND_TO_NEAREST_INT));
}

INLINE v16i dot2(v16i acc, v16i a, v16i b) {
  return acc + join(_mm256_madd_epi16(lower(a), lower(b)), _mm256_madd_epi16(higher(a), higher(b)));
}

INLINE v16i look_up(__m128i table, v16i codes) {
  __m256i both = _mm256_broadcastsi128_si256(table);
  return join(_mm256_shuffle_epi8(both, lower(codes)), _mm256_shuffle_epi8(both, higher(codes)));
}
