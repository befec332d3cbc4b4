#if defined(__x86_64__)
#include "emulation.h"
#define stoa_avx512vnni_kernels stoa_emulated_avx512vnni_kernels
#include "kernels_avx512vnni.c"
#endif
