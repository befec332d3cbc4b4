// Which instruction sets this machine has, and the kernel table of each.
#include "stoa_kernels.h"
#include "tables.h"

#if defined(__x86_64__)

static int has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}

static int has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

const stoa_kernels *stoa_kernels_for(stoa_isa isa) {
  __builtin_cpu_init();
  switch (isa) {
    case STOA_ISA_SCALAR: return &stoa_scalar_kernels;
    case STOA_ISA_AVX2: return has_avx2() ? &stoa_avx2_kernels : 0;
    case STOA_ISA_AVXVNNI: return has_avx2() && __builtin_cpu_supports("avxvnni") ? &stoa_avxvnni_kernels : 0;
    case STOA_ISA_AVX512: return has_avx512() ? &stoa_avx512_kernels : 0;
    case STOA_ISA_AVX512VNNI:
      return has_avx512() && __builtin_cpu_supports("avx512vnni") ? &stoa_avx512vnni_kernels : 0;
    default: return 0;
  }
}

#else

const stoa_kernels *stoa_kernels_for(stoa_isa isa) { return isa == STOA_ISA_SCALAR ? &stoa_scalar_kernels : 0; }

#endif

stoa_isa stoa_isa_best(void) {
  static const stoa_isa order[] = {STOA_ISA_AVX512VNNI, STOA_ISA_AVX512, STOA_ISA_AVXVNNI, STOA_ISA_AVX2};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    if (stoa_kernels_for(order[i])) return order[i];
  }
  return STOA_ISA_SCALAR;
}
