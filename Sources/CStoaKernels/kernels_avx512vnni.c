// AVX-512 with VNNI.
#if defined(__x86_64__)
#include "simd.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c,avx512f,avx512bw,avx512vl,avx512dq,avx512vnni"))), \
                             apply_to = function)

#include "simd_avx512.h"

/// In assembly, since the compiler takes the intrinsic apart into two instructions.
INLINE v16i dot2(v16i acc, v16i a, v16i b) {
  __m512i sum = (__m512i)acc;
  DPWSSD(sum, (__m512i)a, (__m512i)b);
  return (v16i)sum;
}

INLINE v16i dot4(v16i acc, v16i u, v16i s) {
  return (v16i)_mm512_dpbusd_epi32((__m512i)acc, (__m512i)u, (__m512i)s);
}

#include "simd_dot4.h"

INLINE v16i q8_start(int32_t sum) { return (v16i){0} + -128 * sum; }

INLINE v16i dot4_q8(v16i acc, v16i u, v16i s) { return dot4(acc, u, s); }

#define KERNEL_TABLE stoa_avx512vnni_kernels
#define KERNEL_ISA STOA_ISA_AVX512VNNI
#define KERNEL_NAME "avx512vnni"
#include "simd_kernels.h"

#pragma clang attribute pop
#endif
