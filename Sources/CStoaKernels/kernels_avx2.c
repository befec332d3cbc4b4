// AVX2, FMA and F16C.
#if defined(__x86_64__)
#include "simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)

#include "simd_avx2.h"

INLINE v16i multiply_pairs(v16i u, v16i s) {
  return join(_mm256_maddubs_epi16(lower(u), lower(s)), _mm256_maddubs_epi16(higher(u), higher(s)));
}

#include "simd_pairs.h"

// vpmaddubsw saturates with 8-bit codes, so the sign moves from the weight to the activation: |w| * (x * sign w) is at
// most 128 * 127, and two of them fit in 16 bits.
INLINE v16i q8_start(int32_t sum) {
  (void)sum;
  return (v16i){0};
}

INLINE __m256i q8_pairs(__m256i u, __m256i s) {
  __m256i w = _mm256_xor_si256(u, _mm256_set1_epi8((char)0x80));
  return _mm256_maddubs_epi16(_mm256_abs_epi8(w), _mm256_sign_epi8(s, w));
}

INLINE v16i dot4_q8(v16i acc, v16i u, v16i s) {
  return pairs_end(acc, join(q8_pairs(lower(u), lower(s)), q8_pairs(higher(u), higher(s))));
}

#define KERNEL_TABLE stoa_avx2_kernels
#define KERNEL_ISA STOA_ISA_AVX2
#define KERNEL_NAME "avx2"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
