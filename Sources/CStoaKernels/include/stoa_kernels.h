/// Placeholder until the kernels land.
#ifndef STOA_KERNELS_H
#define STOA_KERNELS_H
#include <stdint.h>
int stoa_isa_detect(void);
#endif
