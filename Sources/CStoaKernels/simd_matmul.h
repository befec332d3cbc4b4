// Products with packed quantised weights: which tiles of rows and tokens are computed in which order.

typedef struct tile {
  const uint8_t *weights;  ///< Of one row group.
  size_t blocks, columns;
  const int8_t *x;
  const float *x_scales;
  const int16_t *sums32, *sums16;
} tile;

#include "simd_tiles_32.h"

#include "simd_tiles_256.h"

/// Moves a tile to the token it starts at.
INLINE tile at_token(tile w, size_t token) {
  w.x += token * w.columns;
  w.x_scales += token * w.blocks;
  w.sums32 += token * (w.columns / 32);
  if (w.sums16) w.sums16 += token * (w.columns / 16);
  return w;
}

INLINE void store_rows(const stoa_matmul *job, size_t row, size_t token, v16f values) {
  float *y = job->y + token * job->y_stride + row;
  if (row + GROUP <= job->rows) {
    store_floats(y, values);
  } else {
    memcpy(y, &values, (job->rows - row) * sizeof(float));
  }
}

/// Row groups that share a tile of activations while it is in the first-level cache.
#define GROUPS_PER_BLOCK 4

#define RUN_TILE(kernel, T)                                                        \
  do {                                                                             \
    v16f acc[T];                                                                   \
    UNROLL for (int i = 0; i < T; i++) acc[i] = splat(0);                          \
    kernel(at_token(w, t), T, acc);                                                \
    UNROLL for (int i = 0; i < T; i++) store_rows(job, g * GROUP, t + (size_t)i, acc[i]); \
  } while (0)

#define DEFINE_MATMUL(name, kernel, TILE)                                                                     \
  static void name(const stoa_matmul *job, size_t begin, size_t end) {                                        \
    layout l = layout_of(job->type);                                                                          \
    size_t blocks = job->x.columns / l.columns, bytes = group_bytes(l, job->x.columns);                       \
    for (size_t first = begin; first < end; first += GROUPS_PER_BLOCK) {                                      \
      size_t last = first + GROUPS_PER_BLOCK < end ? first + GROUPS_PER_BLOCK : end;                          \
      for (size_t t = 0, count; t < job->x.tokens; t += count) {                                              \
        size_t left = job->x.tokens - t;                                                                      \
        count = left >= TILE ? TILE : left >= 4 && TILE > 4 ? 4 : left >= 2 && TILE > 2 ? 2 : 1;              \
        for (size_t g = first; g < last; g++) {                                                               \
          tile w = {(const uint8_t *)job->weights + g * bytes, blocks, job->x.columns, job->x.codes,          \
                    job->x.scales, job->x.sums32, job->x.sums16};                                             \
          if (count == TILE) RUN_TILE(kernel, TILE);                                                          \
          else if (count == 4) RUN_TILE(kernel, 4);                                                           \
          else if (count == 2) RUN_TILE(kernel, 2);                                                           \
          else RUN_TILE(kernel, 1);                                                                           \
        }                                                                                                     \
      }                                                                                                       \
    }                                                                                                         \
  }

DEFINE_MATMUL(matmul_q8_0, tile_q8_0, TILE_32)
DEFINE_MATMUL(matmul_q4_0, tile_q4_0, TILE_32)
DEFINE_MATMUL(matmul_q4_1, tile_q4_1, TILE_32)
DEFINE_MATMUL(matmul_q5_0, tile_q5_0, TILE_32)
DEFINE_MATMUL(matmul_q5_1, tile_q5_1, TILE_32)
DEFINE_MATMUL(matmul_iq4_nl, tile_iq4_nl, TILE_32)
DEFINE_MATMUL(matmul_mxfp4, tile_mxfp4, TILE_32)
DEFINE_MATMUL(matmul_q2_k, tile_q2_k, TILE_256)
DEFINE_MATMUL(matmul_q3_k, tile_q3_k, TILE_256)
DEFINE_MATMUL(matmul_q4_k, tile_q4_k, TILE_256)
DEFINE_MATMUL(matmul_q5_k, tile_q5_k, TILE_256)
DEFINE_MATMUL(matmul_q6_k, tile_q6_k, TILE_256)
DEFINE_MATMUL(matmul_iq4_xs, tile_iq4_xs, TILE_256)
