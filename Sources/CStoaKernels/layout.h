// How packed quantised weights lie in memory. A row group is STOA_ROW_GROUP rows; each group is one contiguous run, read
// from front to back as one stream (two streams cost a third of the bandwidth): the codes of a block and then its
// scales, or with blocks of 32 the codes of two blocks and then their scales, so that everything stays on cache lines.
// What a kernel needs first comes first: one that looks back and forth within a block loses up to a fifth of the
// bandwidth. Within 64 bytes of codes, byte 4*r + i belongs to row r and to column 4*quad + i: one 32-bit lane per row,
// as dot-product instructions want it. In a vector of bits, bit s of a lane's byte i belongs to quad s.
//
//   Q8_0    per block of 32   codes 8 x 64: quad 0..7, stored as code + 128
//                             scales 16 x f16
//   Q4_0, IQ4_NL              codes 4 x 64: low nibbles quad v, high nibbles quad v + 4
//                             scales 16 x f16
//   MXFP4                     the same, scales 16 x bf16: half the power of two of the file, which binary16 cannot hold
//   Q4_1                      the same, then 16 x f16 minima
//   Q5_0                      64 bytes of fifth bits, then codes as Q4_0
//                             scales 16 x f16
//   Q5_1                      the same, then 16 x f16 minima
//   Q2_K    per block of 256  4 x (2 x 16 pairs + 4 x 64): for each 64 columns, pairs of bytes with the scales in the
//                             low nibbles and the minima in the high ones; then for each 16 columns a vector with bits
//                             2s, 2s+1 for quad s
//                             16 x f16 d, 16 x f16 dmin
//   Q3_K    per block of 256  8 x (2 x 64 + 64): for each 32 columns, two such vectors and one of third bits
//                             scales + 32: 2 x 64 of low nibbles and 64 of upper bits; nibble p of a lane's lower half
//                             is sub-block 2p (of the second vector 2p + 8), of its upper half 2p + 1, and so the bits
//                             2p, 2p+1 with all p; 16 x f16 d, 32 bytes of padding
//   Q4_K    per block of 256  codes 4 x 8 x 64: for each 64 columns, low nibbles its first 32, high nibbles the rest
//                             8 x 16 scales (u8), 4 x 16 pairs of minima (u8), 16 x f16 d, 16 x f16 dmin
//   Q5_K    per block of 256  4 x (2 x 64 + 8 x 64): for each 64 columns, two vectors of fifth bits, then as Q4_K
//                             the rest as Q4_K
//   Q6_K    per block of 256  8 x 2 x (64 + 2 x 64): for each 32 columns and h = 0, 1, a vector of upper bits (2s,
//                             2s+1: s = 0..3 for quads 2h, 2h+4, 2h+1, 2h+5) and the vectors v = 2h, 2h+1 of low
//                             nibbles (low: quad v, high: quad v + 4)
//                             8 x 16 pairs of scales (i8), 16 x f16 d, 32 bytes of padding
//   IQ4_XS  per block of 256  codes as Q4_K
//                             scales + 32: 64 bytes with low nibble j of a lane for sub-block j, 16 x 16 bits with bits
//                             2j, 2j+1 for it; 16 x f16 d
#ifndef STOA_LAYOUT_H
#define STOA_LAYOUT_H

#include "stoa_kernels.h"

enum {
  GROUP = STOA_ROW_GROUP,
  VECTOR = 64,
  HALVES = 2 * GROUP,  ///< Bytes of one binary16 per row.
  Q8_0_CODES = 8 * VECTOR,
  NIBBLE_CODES = 4 * VECTOR,
  Q5_CODES = 5 * VECTOR,
  MINIMA = HALVES,  ///< Where the minima of Q4_1 and Q5_1 lie.
  Q2_K_PART = 5 * VECTOR,
  Q2_K_CODES = 4 * Q2_K_PART,
  Q3_K_PAIR = 3 * VECTOR,
  Q3_K_CODES = 8 * Q3_K_PAIR,
  Q3_K_UPPER = 2 * VECTOR,
  Q3_K_D = 3 * VECTOR,
  Q3_K_SCALES = 4 * VECTOR,
  Q4_K_CODES = 32 * VECTOR,
  Q4_K_MINIMA = 8 * GROUP,
  Q4_K_D = 16 * GROUP,
  Q4_K_DMIN = 18 * GROUP,
  Q4_K_SCALES = 20 * GROUP,
  Q5_K_CODES = 40 * VECTOR,
  Q6_K_PAIR = 6 * VECTOR,
  Q6_K_CODES = 8 * Q6_K_PAIR,
  Q6_K_D = 16 * GROUP,
  Q6_K_SCALES = 20 * GROUP,
  IQ4_XS_UPPER = VECTOR,
  IQ4_XS_D = VECTOR + HALVES,
  IQ4_XS_SCALES = 2 * VECTOR,
};

typedef struct layout {
  size_t columns;  ///< Columns of a block.
  size_t codes;    ///< Bytes of codes of a block of a row group.
  size_t scales;   ///< Bytes of scales of a block of a row group.
} layout;

static inline layout layout_of(stoa_type type) {
  switch (type) {
    case STOA_Q8_0: return (layout){32, Q8_0_CODES, HALVES};
    case STOA_Q4_0:
    case STOA_IQ4_NL:
    case STOA_MXFP4: return (layout){32, NIBBLE_CODES, HALVES};
    case STOA_Q4_1: return (layout){32, NIBBLE_CODES, 2 * HALVES};
    case STOA_Q5_0: return (layout){32, Q5_CODES, HALVES};
    case STOA_Q5_1: return (layout){32, Q5_CODES, 2 * HALVES};
    case STOA_Q2_K: return (layout){256, Q2_K_CODES, 2 * HALVES};
    case STOA_Q3_K: return (layout){256, Q3_K_CODES, Q3_K_SCALES};
    case STOA_Q4_K: return (layout){256, Q4_K_CODES, Q4_K_SCALES};
    case STOA_Q5_K: return (layout){256, Q5_K_CODES, Q4_K_SCALES};
    case STOA_Q6_K: return (layout){256, Q6_K_CODES, Q6_K_SCALES};
    case STOA_IQ4_XS: return (layout){256, Q4_K_CODES, IQ4_XS_SCALES};
    default: return (layout){0, 0, 0};
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

/// Whether a type of blocks of 32 has a minimum beside its scale.
static inline int has_minimum(stoa_type type) { return type == STOA_Q4_1 || type == STOA_Q5_1; }

/// Whether a type has fifth bits apart from its nibbles.
static inline int has_fifth_bits(stoa_type type) {
  return type == STOA_Q5_0 || type == STOA_Q5_1 || type == STOA_Q5_K;
}

/// Vectors of fifth bits before the nibbles of 32 or 64 columns.
static inline size_t fifth_vectors(stoa_type type) { return !has_fifth_bits(type) ? 0 : type == STOA_Q5_K ? 2 : 1; }

/// Bytes of codes of 64 columns of Q4_K, Q5_K and IQ4_XS.
static inline size_t nibble_part(stoa_type type) { return (8 + fifth_vectors(type)) * VECTOR; }

/// Offsets of a sub-block's scales and codes in Q2_K, sub-block j of 16 and row r.
static inline size_t q2_scale_at(size_t j, size_t r) {
  return j / 4 * Q2_K_PART + j % 4 / 2 * 2 * GROUP + 2 * r + j % 2;
}
static inline size_t q2_codes_at(size_t j) { return j / 4 * Q2_K_PART + (1 + j % 4) * VECTOR; }

/// Offsets of the low nibbles v and of their upper bits in 32 columns of Q6_K.
static inline size_t q6_low_at(size_t v) { return (v / 2 * 3 + 1 + v % 2) * VECTOR; }
static inline size_t q6_high_at(size_t v) { return v / 2 * 3 * VECTOR; }

/// The largest unsigned code; of MXFP4 among the levels that codes become.
static inline int largest_code(stoa_type type) {
  if (has_fifth_bits(type)) return 31;
  return type == STOA_Q2_K ? 45 : type == STOA_Q3_K ? 7 : type == STOA_MXFP4 ? 24 : type == STOA_Q6_K ? 63 : 15;
}

/// Whether a type of blocks of 256 has minima.
static inline int has_minima_k(stoa_type type) { return type == STOA_Q2_K || type == STOA_Q4_K || type == STOA_Q5_K; }

/// Where among the scales of a block of 256 its d lies, and dmin after it.
static inline size_t d_at(stoa_type type) {
  switch (type) {
    case STOA_Q3_K: return Q3_K_D;
    case STOA_Q4_K:
    case STOA_Q5_K: return Q4_K_D;
    case STOA_Q6_K: return Q6_K_D;
    case STOA_IQ4_XS: return IQ4_XS_D;
    default: return 0;
  }
}

/// Quads of columns in a sub-block with a scale of its own.
static inline int quads_in_sub_block(stoa_type type) {
  return type == STOA_Q2_K || type == STOA_Q3_K || type == STOA_Q6_K ? 4 : 8;
}

/// Whether codes are indices of the levels of IQ4_NL.
static inline int has_levels(stoa_type type) { return type == STOA_IQ4_NL || type == STOA_IQ4_XS; }

#endif
