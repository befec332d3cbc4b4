// How cached keys and values lie in memory: in blocks of STOA_KEY_BLOCK positions, one after the other.
//
//   F32, F16   keys    [dimension][position], so that a lane of a vector is a key
//              values  [position][dimension], a position's values padded with zeros to a multiple of 16
//   Q8_0       the same with signed bytes, and in front of them the binary16 scales of each run of 32 dimensions of a
//              position: keys [run][position], values [position][run]
#ifndef STOA_CACHE_H
#define STOA_CACHE_H

#include "stoa_kernels.h"

enum { CACHE_RUN = 32 };

static inline size_t cache_runs(size_t width) { return (width + CACHE_RUN - 1) / CACHE_RUN; }

/// Bytes of the scales in front of a block.
static inline size_t cache_scale_bytes(stoa_cache_type type, size_t width) {
  return type == STOA_CACHE_Q8_0 ? 2 * STOA_KEY_BLOCK * cache_runs(width) : 0;
}

static inline size_t cache_element_bytes(stoa_cache_type type) {
  return type == STOA_CACHE_F32 ? 4 : type == STOA_CACHE_F16 ? 2 : 1;
}

static inline size_t cache_block_bytes(stoa_cache_type type, size_t width) {
  return cache_scale_bytes(type, width) + STOA_KEY_BLOCK * width * cache_element_bytes(type);
}

#endif
