#if defined(__x86_64__)
#include "emulation.h"
#define stoa_avx512_kernels stoa_emulated_avx512_kernels
#include "kernels_avx512.c"
#endif
