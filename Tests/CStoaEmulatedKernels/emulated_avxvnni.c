#if defined(__x86_64__)
#include "emulation.h"
#define stoa_avxvnni_kernels stoa_emulated_avxvnni_kernels
#include "kernels_avxvnni.c"
#endif
