// The vector types that the SIMD kernels are written in. 64-byte vectors are one AVX-512 register or two AVX2 ones;
// the compiler splits them. A source file per instruction set includes this, defines the primitives below for its
// instructions and then includes the simd_*.h bodies, with the right target attribute in force.
//
//   load_half(p)            16 f16 -> 16 f32
//   store_half(p, x)        16 f32 -> 16 f16, nearest even; the caller clamps
//   dot4_pairs(pairs, u, s) adds the sums of 4 products of unsigned codes <= 63 with signed bytes -127..127;
//                           pairs_begin(acc) is what to begin with, after which at most `quads_in_pairs(type)` may
//                           follow, and pairs_end(acc, pairs) is acc with all of them
//   add_scaled_pairs(type, total, pairs, pairs_scale(type, s))  total[i] += pairs[i] * s[i], scales of 16 bits, after
//                           `quads_to_scale(type)` of them
//   q8_start(sum)           what an accumulator of Q8_0 starts with, given the sum of the activations' codes
//   dot4_q8(acc, u, s)      the same with codes stored as code + 128
//   look_up(table, codes)   bytes 0..15 to the table's 16 bytes
//   dot2(acc, a, b)         acc[i] += sum of 2 products of signed 16-bit values
//   pin(sum), fence()       keep sums in registers and loads in order
//   ROW_GROUPS              row groups per tile of several tokens, which share what is loaded of the activations
//   TILE_32, TILE_256       tokens per tile for block sizes 32 and 256; TILE_PANEL with panels (simd_panels.h)
//   SUB_BLOCKS(sums)        halves of the codes of a vector whose sums are in registers together, 1 or 2
//   TILE_ROWS, TILE_TOKENS  tile of float products
//   ATTENTION_ROWS          queries per tile of attention; SCORE_VECTORS(R) vectors of keys at a time for R of them
#ifndef STOA_SIMD_H
#define STOA_SIMD_H

#include <immintrin.h>
#include <string.h>

#include "attention.h"
#include "blocks.h"
#include "cache.h"
#include "layout.h"
#include "tables.h"

typedef float v16f __attribute__((vector_size(64)));
typedef int32_t v16i __attribute__((vector_size(64)));
typedef uint32_t v16u __attribute__((vector_size(64)));
typedef int16_t v32s __attribute__((vector_size(64)));
typedef uint8_t v16b __attribute__((vector_size(16)));
typedef int8_t v16c __attribute__((vector_size(16)));
typedef uint16_t v16h __attribute__((vector_size(32)));
typedef uint8_t v32b __attribute__((vector_size(32)));
typedef int8_t v32c __attribute__((vector_size(32)));

/// The levels of types whose codes are indices of them.
static const int8_t IQ4_LEVELS[16] = {STOA_IQ4_LEVELS}, MXFP4_LEVELS[16] = {STOA_MXFP4_LEVELS};

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#endif
