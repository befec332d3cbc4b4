// The kernels of one instruction set at work on the shapes of TinyLlama-1.1B.
#ifndef KERNEL_RUNS_H
#define KERNEL_RUNS_H

#include "stoa_kernels.h"

/// The shortest of several runs; all zero when memory is refused.
typedef struct kernel_run {
  double seconds;
  double multiply_adds;
  double bytes;  ///< of weights, or of the cache, that were read once
} kernel_run;

/// The products of a layer with `tokens` inputs; as many copies of the layer, one after the other, as no cache holds.
kernel_run run_products(const stoa_kernels *_Nonnull kernels, stoa_type type, size_t tokens, size_t threads);

/// Attention of `tokens` queries behind `depth` positions, in all layers, each with a cache of its own.
kernel_run run_attention(const stoa_kernels *_Nonnull kernels, stoa_cache_type cache, size_t depth, size_t tokens,
                         size_t threads);

#endif
