#include "stoa_emulated_kernels.h"

#if defined(__x86_64__)

extern const stoa_kernels stoa_emulated_avxvnni_kernels, stoa_emulated_avx512_kernels, stoa_emulated_avx512vnni_kernels;

const stoa_kernels *stoa_emulated_kernels_for(stoa_isa isa) {
  if (!stoa_kernels_for(STOA_ISA_AVX2)) return 0;
  switch (isa) {
    case STOA_ISA_AVXVNNI: return &stoa_emulated_avxvnni_kernels;
    case STOA_ISA_AVX512: return &stoa_emulated_avx512_kernels;
    case STOA_ISA_AVX512VNNI: return &stoa_emulated_avx512vnni_kernels;
    default: return 0;
  }
}

#else

const stoa_kernels *stoa_emulated_kernels_for(stoa_isa isa) {
  (void)isa;
  return 0;
}

#endif
