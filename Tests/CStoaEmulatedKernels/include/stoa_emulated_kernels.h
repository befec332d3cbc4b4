// Kernels of instruction sets that this machine may lack, with the instructions it lacks written out.
#ifndef STOA_EMULATED_KERNELS_H
#define STOA_EMULATED_KERNELS_H

#include "stoa_kernels.h"

/// The emulated table of `isa`; NULL where there is none or the machine has no AVX2.
const stoa_kernels *stoa_emulated_kernels_for(stoa_isa isa);

#endif
