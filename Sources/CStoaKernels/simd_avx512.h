// Primitives that AVX-512 with and without VNNI share.

#define ROW_GROUPS 2
#define TILE_32 8
#define TILE_256 8
#define TILE_PANEL 6
#define SUB_BLOCKS(sums) ((sums) > 8 ? 1 : 2)
#define TILE_ROWS 4
#define TILE_TOKENS 6
#define ATTENTION_ROWS 8
#define SCORE_VECTORS(R) ((R) > 4 ? 2 : 4)

// Where instructions are emulated, these are defined before.
#ifndef KEEP
#define KEEP(value) __asm__("" : "+v"(value))
#define DPWSSD(sum, a, b) __asm__("vpdpwssd %2, %1, %0" : "+v"(sum) : "v"(a), "v"(b))
#endif

/// Keeps a sum in its register here; see simd_avx2.h.
INLINE void pin(v16i *sum) {
  __m512i value = (__m512i)*sum;
  KEEP(value);
  *sum = (v16i)value;
}

/// Nothing is loaded before its turn: left alone, the compiler loads codes of an unrolled loop until sums are spilled.
INLINE void fence(void) { __asm__ volatile("" ::: "memory"); }

INLINE v16f load_half(const void *p) { return (v16f)_mm512_cvtph_ps(_mm256_loadu_si256(p)); }

INLINE void store_half(void *p, v16f x) {
  _mm256_storeu_si256(p, _mm512_cvtps_ph((__m512)x, _MM_FROUND_TO_NEAREST_INT));
}

INLINE v16i look_up(__m128i table, v16i codes) {
  return (v16i)_mm512_shuffle_epi8(_mm512_broadcast_i32x4(table), (__m512i)codes);
}
