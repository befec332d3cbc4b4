// All kernel bodies in order; the last include of an instruction set's source file.
#include "simd_common.h"
#include "simd_matmul.h"
#include "simd_float.h"
#include "simd_attention.h"
#include "simd_elementwise.h"
