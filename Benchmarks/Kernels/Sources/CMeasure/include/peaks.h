// What this machine can do at most: the rates that kernels are measured against.
#ifndef PEAKS_H
#define PEAKS_H

#include <stddef.h>

/// Loops of one kind of multiply-add on registers alone.
typedef enum peak_kind {
  PEAK_FMA_256,      ///< vfmadd231ps, 8 lanes
  PEAK_FMA_512,      ///< vfmadd231ps, 16 lanes
  PEAK_MADDUBS_256,  ///< vpmaddubsw, vpmaddwd and vpaddd: 8-bit products without a dot-product instruction
  PEAK_MADDUBS_512,
  PEAK_DPBUSD_256,   ///< vpdpbusd, 32 products
  PEAK_DPBUSD_512,   ///< vpdpbusd, 64 products
  PEAK_DPBF16_512,   ///< vdpbf16ps, 32 products
  PEAK_KINDS,
} peak_kind;

const char * peak_name(peak_kind kind);

/// G multiply-adds/s on `threads` threads, the best of several runs; 0 when this machine lacks the instruction.
double peak_multiply_adds(peak_kind kind, size_t threads);

/// GB/s of reading `bytes` of memory, a contiguous part per thread, the best of `passes`; 0 when memory is refused.
double peak_read(size_t threads, size_t bytes, size_t passes);

#endif
