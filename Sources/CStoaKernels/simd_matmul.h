// Products with packed quantised weights: which tiles of rows and tokens are computed in which order.

typedef struct tile {
  const uint8_t *weights;  ///< Of the first row group.
  size_t group_bytes, blocks, columns;
  const int8_t *x;
  const float *x_scales;
  const int16_t *sums32, *sums16;
} tile;

/// Sums of a tile at most.
enum { MAX_TILE = 16 };

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

#define RUN_TILE(kernel, R, T)                                                                  \
  do {                                                                                          \
    v16f acc[(R) * (T)];                                                                        \
    UNROLL for (int i = 0; i < (R) * (T); i++) acc[i] = splat(0);                               \
    kernel(at_token(w, t), R, T, acc);                                                          \
    UNROLL for (int i = 0; i < (R) * (T); i++) {                                                \
      store_rows(job, (g + (size_t)(i / (T))) * GROUP, t + (size_t)(i % (T)), acc[i]);          \
    }                                                                                           \
  } while (0)

#define RUN_TILES(kernel, R, TILE)                \
  do {                                            \
    if (count == TILE) RUN_TILE(kernel, R, TILE); \
    else if (count == 4) RUN_TILE(kernel, R, 4);  \
    else if (count == 2) RUN_TILE(kernel, R, 2);  \
    else RUN_TILE(kernel, R, 1);                  \
  } while (0)

#include "simd_panels.h"

#define DEFINE_MATMUL(name, kernel, TILE, TYPE)                                                               \
  static void name(const stoa_matmul *job, size_t begin, size_t end) {                                        \
    size_t whole = 0;                                                                                         \
    if (job->x.tokens >= PANEL_MIN_TOKENS) {                                                                  \
      whole = job->x.tokens / TILE_PANEL * TILE_PANEL;                                                        \
      matmul_panels(job, begin, end, whole, TYPE);                                                            \
    }                                                                                                         \
    layout l = layout_of(TYPE);                                                                               \
    size_t blocks = job->x.columns / l.columns, bytes = group_bytes(l, job->x.columns);                       \
    for (size_t first = begin; first < end; first += GROUPS_PER_BLOCK) {                                      \
      size_t last = first + GROUPS_PER_BLOCK < end ? first + GROUPS_PER_BLOCK : end;                          \
      for (size_t t = whole, count; t < job->x.tokens; t += count) {                                          \
        size_t left = job->x.tokens - t;                                                                      \
        count = left >= TILE ? TILE : left >= 4 && TILE > 4 ? 4 : left >= 2 && TILE > 2 ? 2 : 1;              \
        for (size_t g = first, groups; g < last; g += groups) {                                               \
          tile w = {(const uint8_t *)job->weights + g * bytes, bytes, blocks, job->x.columns, job->x.codes,   \
                    job->x.scales, job->x.sums32, job->x.sums16};                                             \
          groups = count > 1 && last - g >= ROW_GROUPS ? ROW_GROUPS : 1;                                      \
          if (groups == 1) RUN_TILES(kernel, 1, TILE);                                                        \
          else RUN_TILES(kernel, ROW_GROUPS, TILE);                                                           \
        }                                                                                                     \
      }                                                                                                       \
    }                                                                                                         \
  }

DEFINE_MATMUL(matmul_q8_0, tile_q8_0, TILE_32, STOA_Q8_0)
DEFINE_MATMUL(matmul_q4_0, tile_q4_0, TILE_32, STOA_Q4_0)
DEFINE_MATMUL(matmul_q4_1, tile_q4_1, TILE_32, STOA_Q4_1)
DEFINE_MATMUL(matmul_q5_0, tile_q5_0, TILE_32, STOA_Q5_0)
DEFINE_MATMUL(matmul_q5_1, tile_q5_1, TILE_32, STOA_Q5_1)
DEFINE_MATMUL(matmul_iq4_nl, tile_iq4_nl, TILE_32, STOA_IQ4_NL)
DEFINE_MATMUL(matmul_mxfp4, tile_mxfp4, TILE_32, STOA_MXFP4)
DEFINE_MATMUL(matmul_q2_k, tile_q2_k, TILE_256, STOA_Q2_K)
DEFINE_MATMUL(matmul_q3_k, tile_q3_k, TILE_256, STOA_Q3_K)
DEFINE_MATMUL(matmul_q4_k, tile_q4_k, TILE_256, STOA_Q4_K)
DEFINE_MATMUL(matmul_q5_k, tile_q5_k, TILE_256, STOA_Q5_K)
DEFINE_MATMUL(matmul_q6_k, tile_q6_k, TILE_256, STOA_Q6_K)
DEFINE_MATMUL(matmul_iq4_xs, tile_iq4_xs, TILE_256, STOA_IQ4_XS)
