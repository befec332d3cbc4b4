#include <stdlib.h>
#include <string.h>

#include "kernel_runs.h"
#include "memory.h"
#include "threads.h"

enum { LAYERS = 22, HEADS = 32, KEY_VALUE_HEADS = 4, GROUP = HEADS / KEY_VALUE_HEADS, WIDTH = 64 };
/// Query rows that a thread takes at a time, as the engine does.
enum { UNIT_ROWS = 64 };

typedef struct work {
  const stoa_kernels *kernels;
  size_t threads, tokens, block_bytes;
  stoa_attention job;
} work;

static void attend(void *context, size_t part) {
  const work *work = context;
  size_t rows = work->tokens * GROUP, units = (rows + UNIT_ROWS - 1) / UNIT_ROWS;
  for (size_t layer = 0; layer < LAYERS; layer++) {
    // Later queries see more keys, so threads take turns rather than halves.
    for (size_t unit = part; unit < KEY_VALUE_HEADS * units; unit += work->threads) {
      size_t head = unit / units, row = unit % units * UNIT_ROWS;
      stoa_attention job = work->job;
      job.first_head = head * GROUP;
      job.key_offset = (layer * KEY_VALUE_HEADS + head) * 2 * work->block_bytes;
      job.value_offset = job.key_offset + work->block_bytes;
      work->kernels->attention(&job, row, row + UNIT_ROWS < rows ? row + UNIT_ROWS : rows);
    }
  }
}

kernel_run run_attention(const stoa_kernels *kernels, stoa_cache_type cache, size_t depth, size_t tokens,
                         size_t threads) {
  kernel_run result = {0};
  size_t blocks = (depth + tokens + STOA_KEY_BLOCK - 1) / STOA_KEY_BLOCK;
  work work = {.kernels = kernels, .threads = threads, .tokens = tokens};
  work.block_bytes = stoa_cache_block_bytes(cache, WIDTH);
  // A page holds the positions of one block for all layers and heads, as in the engine.
  size_t page_bytes = LAYERS * KEY_VALUE_HEADS * 2 * work.block_bytes, total = blocks * page_bytes;
  uint8_t *caches = large_pages(total);
  const uint8_t **pages = calloc(blocks, sizeof *pages);
  float *q = calloc(tokens * HEADS * WIDTH, sizeof *q), *out = malloc(tokens * HEADS * WIDTH * sizeof *out);
  if (caches && pages && q && out) {
    // A pattern that is a small number in every element type.
    memset(caches, 0x2c, total);
    for (size_t i = 0; i < blocks; i++) pages[i] = caches + i * page_bytes;
    for (size_t i = 0; i < tokens * HEADS * WIDTH; i++) q[i] = (float)(i % 17) * 0.01f;
    work.job = (stoa_attention){
        .q = q, .q_stride = HEADS * WIDTH, .out = out, .out_stride = HEADS * WIDTH, .pages = pages, .head_dim = WIDTH, .value_dim = WIDTH, .value_stride = WIDTH, .group = GROUP, .base_position = depth,
        .cache = cache};
    result.seconds = peak_shortest(threads, tokens > 1 ? 3 : 8, attend, &work);
    double pairs = (double)tokens * (double)depth + (double)tokens * (double)(tokens + 1) / 2;
    result.multiply_adds = 2 * pairs * WIDTH * HEADS * LAYERS;
    result.bytes = (double)total;
  }
  free(q);
  free(out);
  free(pages);
  release_pages(caches, total);
  return result;
}
