// The instructions of AVX-512 and AVX-VNNI that the kernels name, written out for AVX2, so that a machine that lacks
// them can run those kernels and compare them with the scalar ones. Semantics: Intel's Software Developer's Manual,
// volume 2, under the instruction named beside each.
#ifndef EMULATION_H
#define EMULATION_H

#include "simd.h"

// Everything that follows is compiled for AVX2, whatever a source file asks for.
#pragma clang diagnostic ignored "-Wpsabi"
#define target(features) target("avx2,fma,f16c")
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)

typedef int8_t v64c __attribute__((vector_size(64)));
typedef uint8_t v64b __attribute__((vector_size(64)));

INLINE __m256i half(__m512i x, int i) {
  __m256i h;
  memcpy(&h, (const char *)&x + 32 * i, 32);
  return h;
}

INLINE __m512i halves(__m256i lower, __m256i higher) {
  __m512i x;
  memcpy(&x, &lower, 32);
  memcpy((char *)&x + 32, &higher, 32);
  return x;
}

#define KEEP(value) (void)(value)
#define DPWSSD(sum, a, b) (sum) = _mm512_dpwssd_epi32(sum, a, b)

#undef _mm512_cvtph_ps
#undef _mm512_cvtps_ph

// VCVTPH2PS, VCVTPS2PH
INLINE __m512 emulated_cvtph_ps(__m256i x) {
  __m256 lower = _mm256_cvtph_ps(_mm256_extracti128_si256(x, 0));
  __m256 higher = _mm256_cvtph_ps(_mm256_extracti128_si256(x, 1));
  return (__m512)halves((__m256i)lower, (__m256i)higher);
}
#define _mm512_cvtph_ps emulated_cvtph_ps

INLINE __m256i emulated_cvtps_ph(__m512 x) {
  __m128i lower = _mm256_cvtps_ph((__m256)half((__m512i)x, 0), _MM_FROUND_TO_NEAREST_INT);
  __m128i higher = _mm256_cvtps_ph((__m256)half((__m512i)x, 1), _MM_FROUND_TO_NEAREST_INT);
  return _mm256_inserti128_si256(_mm256_castsi128_si256(lower), higher, 1);
}
#define _mm512_cvtps_ph(x, rounding) emulated_cvtps_ph(x)

// VBROADCASTI32X4
INLINE __m512i emulated_broadcast_i32x4(__m128i x) {
  __m256i both = _mm256_broadcastsi128_si256(x);
  return halves(both, both);
}
#define _mm512_broadcast_i32x4 emulated_broadcast_i32x4

// VPSHUFB
INLINE __m512i emulated_shuffle_epi8(__m512i table, __m512i index) {
  return halves(
      _mm256_shuffle_epi8(half(table, 0), half(index, 0)), _mm256_shuffle_epi8(half(table, 1), half(index, 1)));
}
#define _mm512_shuffle_epi8 emulated_shuffle_epi8

// VPMADDWD, VPMADDUBSW
INLINE __m512i emulated_madd_epi16(__m512i a, __m512i b) {
  return halves(_mm256_madd_epi16(half(a, 0), half(b, 0)), _mm256_madd_epi16(half(a, 1), half(b, 1)));
}
#define _mm512_madd_epi16 emulated_madd_epi16

INLINE __m512i emulated_maddubs_epi16(__m512i a, __m512i b) {
  return halves(_mm256_maddubs_epi16(half(a, 0), half(b, 0)), _mm256_maddubs_epi16(half(a, 1), half(b, 1)));
}
#define _mm512_maddubs_epi16 emulated_maddubs_epi16

// VPBROADCASTB, VPBROADCASTW, VPXORD
INLINE __m512i emulated_set1_epi8(int8_t x) { return (__m512i)((v64c){0} + x); }
#define _mm512_set1_epi8 emulated_set1_epi8

INLINE __m512i emulated_set1_epi16(int16_t x) { return (__m512i)((v32s){0} + x); }
#define _mm512_set1_epi16 emulated_set1_epi16

INLINE __m512i emulated_setzero_si512(void) { return (__m512i)(v64c){0}; }
#define _mm512_setzero_si512 emulated_setzero_si512

INLINE __m512i emulated_xor_si512(__m512i a, __m512i b) { return (__m512i)((v64c)a ^ (v64c)b); }
#define _mm512_xor_si512 emulated_xor_si512

// VPABSB: the least value stays.
INLINE __m512i emulated_abs_epi8(__m512i x) {
  return halves(_mm256_abs_epi8(half(x, 0)), _mm256_abs_epi8(half(x, 1)));
}
#define _mm512_abs_epi8 emulated_abs_epi8

// VPMOVB2M, VPSUBB with a mask; a byte here for each bit of the mask.
INLINE v64c emulated_movepi8_mask(__m512i x) { return (v64c)x < 0; }
#define _mm512_movepi8_mask emulated_movepi8_mask

INLINE __m512i emulated_mask_sub_epi8(__m512i source, v64c mask, __m512i a, __m512i b) {
  v64c difference = (v64c)((v64b)a - (v64b)b);
  return (__m512i)((difference & mask) | ((v64c)source & ~mask));
}
#define _mm512_mask_sub_epi8 emulated_mask_sub_epi8

// VPDPWSSD, VPDPBUSD: exact sums, added with wrapping.
INLINE __m256i pair_sums(__m256i acc, __m256i a, __m256i b) { return _mm256_add_epi32(acc, _mm256_madd_epi16(a, b)); }

INLINE __m512i emulated_dpwssd_epi32(__m512i acc, __m512i a, __m512i b) {
  return halves(pair_sums(half(acc, 0), half(a, 0), half(b, 0)), pair_sums(half(acc, 1), half(a, 1), half(b, 1)));
}
#define _mm512_dpwssd_epi32 emulated_dpwssd_epi32

INLINE __m256i emulated_dpbusd_avx_epi32(__m256i acc, __m256i unsigned_bytes, __m256i signed_bytes) {
  // Bytes 0 and 2 of each four as words, then bytes 1 and 3.
  __m256i even = _mm256_and_si256(unsigned_bytes, _mm256_set1_epi16(0xFF));
  acc = pair_sums(acc, even, _mm256_srai_epi16(_mm256_slli_epi16(signed_bytes, 8), 8));
  return pair_sums(acc, _mm256_srli_epi16(unsigned_bytes, 8), _mm256_srai_epi16(signed_bytes, 8));
}
#define _mm256_dpbusd_avx_epi32 emulated_dpbusd_avx_epi32

INLINE __m512i emulated_dpbusd_epi32(__m512i acc, __m512i unsigned_bytes, __m512i signed_bytes) {
  return halves(
      emulated_dpbusd_avx_epi32(half(acc, 0), half(unsigned_bytes, 0), half(signed_bytes, 0)),
      emulated_dpbusd_avx_epi32(half(acc, 1), half(unsigned_bytes, 1), half(signed_bytes, 1)));
}
#define _mm512_dpbusd_epi32 emulated_dpbusd_epi32

#pragma clang attribute pop
#endif
