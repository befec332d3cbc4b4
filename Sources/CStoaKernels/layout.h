// How packed quantised weights lie in memory. A row group is STOA_ROW_GROUP rows; each group is one contiguous run, read
// from front to back as one stream (two streams cost a third of the bandwidth): the codes of a block and then its scales,
// or with blocks of 32 the codes of two blocks and then their scales, so that everything stays on cache lines. Within 64 bytes of codes, byte 4*r + i belongs
// to row r and to column 4*quad + i: one 32-bit lane per row, as dot-product instructions want it.
//
//   Q8_0  per block of 32   codes 8 x 64: quad 0..7, stored as code + 128
//                           scales 16 x f16
//   Q4_0  per block of 32   codes 4 x 64: low nibbles quad v, high nibbles quad v + 4
//                           scales 16 x f16
//   Q4_K  per block of 256  codes 4 x 8 x 64: for each 64 columns, low nibbles its first 32, high nibbles the rest
//                           8 x 16 scales (u8), 4 x 16 pairs of minima (u8), 16 x f16 d, 16 x f16 dmin
//   Q6_K  per block of 256  8 x (4 x 64 + 2 x 64): for each 32 columns, 4 vectors of low nibbles (low: quad v, high:
//                           quad v + 4), 2 of upper bits (bits 2s, 2s+1 of vector h: s = 0..3 for quads 2h, 2h+4,
//                           2h+1, 2h+5)
//                           8 x 16 pairs of scales (i8), 16 x f16 d, 32 bytes of padding
#ifndef STOA_LAYOUT_H
#define STOA_LAYOUT_H

#include "stoa_kernels.h"

enum {
  GROUP = STOA_ROW_GROUP,
  VECTOR = 64,
  Q8_0_CODES = 8 * VECTOR,
  Q8_0_SCALES = 2 * GROUP,
  Q4_0_CODES = 4 * VECTOR,
  Q4_0_SCALES = 2 * GROUP,
  Q4_K_CODES = 32 * VECTOR,
  Q4_K_MINIMA = 8 * GROUP,
  Q4_K_D = 16 * GROUP,
  Q4_K_DMIN = 18 * GROUP,
  Q4_K_SCALES = 20 * GROUP,
  Q6_K_PAIR = 6 * VECTOR,
  Q6_K_CODES = 8 * Q6_K_PAIR,
  Q6_K_D = 16 * GROUP,
  Q6_K_SCALES = 20 * GROUP,
};

typedef struct layout {
  size_t columns;       ///< Columns of a block.
  size_t source_bytes;  ///< Bytes of a block of one row in a file.
  size_t codes;         ///< Bytes of codes of a block of a row group.
  size_t scales;        ///< Bytes of scales of a block of a row group.
} layout;

static inline layout layout_of(stoa_type type) {
  switch (type) {
    case STOA_Q8_0: return (layout){32, 34, Q8_0_CODES, Q8_0_SCALES};
    case STOA_Q4_0: return (layout){32, 18, Q4_0_CODES, Q4_0_SCALES};
    case STOA_Q4_K: return (layout){256, 144, Q4_K_CODES, Q4_K_SCALES};
    case STOA_Q6_K: return (layout){256, 210, Q6_K_CODES, Q6_K_SCALES};
    default: return (layout){0, 0, 0, 0};
  }
}

/// Blocks that lie together.
static inline size_t blocks_together(layout l) { return l.columns == 32 ? 2 : 1; }

/// Where the codes of block b of a group lie.
static inline size_t codes_at(layout l, size_t b) {
  size_t n = blocks_together(l);
  return b / n * n * (l.codes + l.scales) + b % n * l.codes;
}

/// Where the scales of block b of a group lie.
static inline size_t scales_at(layout l, size_t b) {
  size_t n = blocks_together(l);
  return b / n * n * (l.codes + l.scales) + n * l.codes + b % n * l.scales;
}

/// Bytes of one row group, a multiple of 64.
static inline size_t group_bytes(layout l, size_t columns) {
  size_t n = blocks_together(l), blocks = columns / l.columns;
  return (blocks + n - 1) / n * n * (l.codes + l.scales);
}

#endif
