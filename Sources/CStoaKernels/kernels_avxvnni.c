// AVX2 with the 256-bit dot products of AVX-VNNI.
#if defined(__x86_64__)
#include "simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avxvnni"))), apply_to = function)

#include "simd_avx2.h"

INLINE v16i dot4(v16i acc, v16i u, v16i s) {
  return join(_mm256_dpbusd_avx_epi32(lower(acc), lower(u), lower(s)),
              _mm256_dpbusd_avx_epi32(higher(acc), higher(u), higher(s)));
}

#include "simd_dot4.h"

INLINE v16i q8_start(int32_t sum) { return (v16i){0} + -128 * sum; }

INLINE v16i dot4_q8(v16i acc, v16i u, v16i s) { return dot4(acc, u, s); }

#define KERNEL_TABLE stoa_avxvnni_kernels
#define KERNEL_ISA STOA_ISA_AVXVNNI
#define KERNEL_NAME "avxvnni"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
