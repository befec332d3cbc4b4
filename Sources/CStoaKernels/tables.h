// The kernel tables, one per source file.
#ifndef STOA_TABLES_H
#define STOA_TABLES_H

#include "stoa_kernels.h"

extern const stoa_kernels stoa_scalar_kernels;
#if defined(__x86_64__)
extern const stoa_kernels stoa_avx2_kernels;
extern const stoa_kernels stoa_avxvnni_kernels;
extern const stoa_kernels stoa_avx512_kernels;
extern const stoa_kernels stoa_avx512vnni_kernels;
#endif

#endif
