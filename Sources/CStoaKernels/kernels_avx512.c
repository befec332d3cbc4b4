// AVX-512 (F, BW, VL, DQ) without VNNI.
#if defined(__x86_64__)
#include "simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq"))), \
                             apply_to = function)

#include "simd_avx512.h"

INLINE v16i dot2(v16i acc, v16i a, v16i b) { return acc + (v16i)_mm512_madd_epi16((__m512i)a, (__m512i)b); }

INLINE v16i multiply_pairs(v16i u, v16i s) { return (v16i)_mm512_maddubs_epi16((__m512i)u, (__m512i)s); }

#include "simd_pairs.h"

// As with AVX2, the sign moves from the weight to the activation so that vpmaddubsw does not saturate.
INLINE v16i q8_start(int32_t sum) {
  (void)sum;
  return (v16i){0};
}

INLINE v16i dot4_q8(v16i acc, v16i u, v16i s) {
  __m512i w = _mm512_xor_si512((__m512i)u, _mm512_set1_epi8((char)0x80));
  __m512i x = _mm512_mask_sub_epi8((__m512i)s, _mm512_movepi8_mask(w), _mm512_setzero_si512(), (__m512i)s);
  return pairs_end(acc, multiply_pairs((v16i)_mm512_abs_epi8(w), (v16i)x));
}

#define KERNEL_TABLE stoa_avx512_kernels
#define KERNEL_ISA STOA_ISA_AVX512
#define KERNEL_NAME "avx512"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
