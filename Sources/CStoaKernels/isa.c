#include "stoa_kernels.h"
int stoa_isa_detect(void) { return 0; }
