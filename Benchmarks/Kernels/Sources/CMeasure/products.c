#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kernel_runs.h"
#include "memory.h"
#include "threads.h"

enum {
  MATRICES = 7,
  MAX_ROWS = 5632,
  MAX_COLUMNS = 5632,
  DISTINCT_ROWS = 16,
  /// What no cache holds.
  STREAMED_BYTES = 512 << 20,
};

typedef struct shape {
  size_t rows, columns;
} shape;

/// Query, key, value, attention output, gate, up, down.
static const shape layer[MATRICES] = {{2048, 2048}, {256, 2048},  {256, 2048}, {2048, 2048},
                                      {5632, 2048}, {5632, 2048}, {2048, 5632}};

/// Inputs of one width in all forms.
typedef struct inputs {
  float *values, *scales;
  int8_t *codes;
  int16_t *sums32, *sums16;
} inputs;

typedef struct work {
  const stoa_kernels *kernels;
  size_t threads, tokens, copies, layer_bytes;
  const char *weights;
  stoa_matmul jobs[MATRICES];
  size_t offsets[MATRICES];
} work;

/// Deterministic values in -1...1.
static void fill(float *values, size_t count) {
  uint32_t state = 1;
  for (size_t i = 0; i < count; i++) {
    state = state * 1664525 + 1013904223;
    values[i] = (float)(int32_t)state * 0x1p-31f;
  }
}

static size_t row_bytes(stoa_type type, size_t columns) {
  return columns / stoa_block_columns(type) * stoa_block_bytes(type);
}

static size_t matrix_bytes(stoa_type type, shape shape) {
  size_t packed = stoa_packed_bytes(type, shape.rows, shape.columns);
  return ((packed ? packed : shape.rows * row_bytes(type, shape.columns)) + 63) & ~(size_t)63;
}

/// A matrix in the form that kernels read, its rows a few random ones over and over. Returns 0 without memory.
static int write_matrix(stoa_type type, shape shape, char *out) {
  size_t bytes = row_bytes(type, shape.columns);
  float *row = malloc(shape.columns * DISTINCT_ROWS * sizeof *row);
  char *source = malloc(shape.rows * bytes);
  if (row && source) {
    fill(row, shape.columns * DISTINCT_ROWS);
    for (size_t r = 0; r < shape.rows; r++) {
      if (r < DISTINCT_ROWS) {
        stoa_quantize_row(type, row + r * shape.columns, shape.columns, NULL, source + r * bytes);
      } else {
        memcpy(source + r * bytes, source + (r - DISTINCT_ROWS) * bytes, bytes);
      }
    }
    if (stoa_packed_bytes(type, shape.rows, shape.columns)) {
      stoa_pack(type, source, shape.rows, shape.columns, 0, (shape.rows + STOA_ROW_GROUP - 1) / STOA_ROW_GROUP, out);
    } else {
      memcpy(out, source, shape.rows * bytes);
    }
  }
  free(row);
  free(source);
  return row && source;
}

static void release_inputs(inputs *x) {
  free(x->values);
  free(x->scales);
  free(x->codes);
  free(x->sums32);
  free(x->sums16);
}

static int make_inputs(inputs *x, const stoa_kernels *kernels, stoa_type type, size_t tokens, size_t columns) {
  size_t count = tokens * columns, block = stoa_block_columns(type);
  *x = (inputs){malloc(count * 4), malloc(count / 32 * 4), malloc(count), malloc(count / 32 * 2), malloc(count / 16 * 2)};
  if (!x->values || !x->scales || !x->codes || !x->sums32 || !x->sums16) return 0;
  fill(x->values, count);
  for (size_t token = 0; token < tokens; token++) {
    const float *row = x->values + token * columns;
    int8_t *codes = x->codes + token * columns;
    int16_t *sums32 = x->sums32 + token * (columns / 32);
    if (block == 32) kernels->quantize32(row, columns, codes, x->scales + token * (columns / 32), sums32);
    if (block == 256) {
      kernels->quantize256(row, columns, codes, x->scales + token * (columns / 256), sums32,
                           x->sums16 + token * (columns / 16));
    }
  }
  return 1;
}

/// Every thread has a contiguous run of each matrix's row groups.
static void multiply(void *context, size_t part) {
  const work *work = context;
  for (size_t copy = 0; copy < work->copies; copy++) {
    for (size_t index = 0; index < MATRICES; index++) {
      stoa_matmul job = work->jobs[index];
      job.weights = work->weights + copy * work->layer_bytes + work->offsets[index];
      size_t groups = (job.rows + STOA_ROW_GROUP - 1) / STOA_ROW_GROUP;
      size_t end = groups * (part + 1) / work->threads;
      // As the engine does: a prompt works through blocks of row groups that fit the caches.
      size_t grain = work->tokens > 1 ? 4 : groups;
      for (size_t group = groups * part / work->threads; group < end; group += grain) {
        work->kernels->matmul(&job, group, group + grain < end ? group + grain : end);
      }
    }
  }
}

kernel_run run_products(const stoa_kernels *kernels, stoa_type type, size_t tokens, size_t threads) {
  kernel_run result = {0};
  work work = {.kernels = kernels, .threads = threads, .tokens = tokens};
  double multiply_adds = 0;
  for (size_t index = 0; index < MATRICES; index++) {
    work.offsets[index] = work.layer_bytes;
    work.layer_bytes += matrix_bytes(type, layer[index]);
    multiply_adds += (double)(layer[index].rows * layer[index].columns);
  }
  // A long prompt reads weights too seldom for their place to matter.
  work.copies = tokens > 64 ? 1 : STREAMED_BYTES / work.layer_bytes + 1;
  size_t total = work.copies * work.layer_bytes;
  char *weights = large_pages(total);
  float *y = malloc(tokens * MAX_ROWS * sizeof *y);
  inputs narrow = {0}, wide = {0};
  int ready = weights && y && make_inputs(&narrow, kernels, type, tokens, 2048) &&
              make_inputs(&wide, kernels, type, tokens, MAX_COLUMNS);
  for (size_t index = 0; ready && index < MATRICES; index++) {
    const inputs *x = layer[index].columns == MAX_COLUMNS ? &wide : &narrow;
    ready = write_matrix(type, layer[index], weights + work.offsets[index]);
    work.jobs[index] = (stoa_matmul){
        .type = type,
        .rows = layer[index].rows,
        .weights = weights,
        .x = {.tokens = tokens, .columns = layer[index].columns, .values = x->values, .codes = x->codes,
              .scales = x->scales, .sums32 = x->sums32, .sums16 = x->sums16},
        .y = y,
        .y_stride = MAX_ROWS,
    };
  }
  if (ready) {
    for (size_t copy = 1; copy < work.copies; copy++) {
      memcpy(weights + copy * work.layer_bytes, weights, work.layer_bytes);
    }
    work.weights = weights;
    size_t runs = tokens > 64 ? 3 : tokens > 1 ? 4 : 8;
    result.seconds = peak_shortest(threads, runs, multiply, &work);
    result.multiply_adds = multiply_adds * (double)(tokens * work.copies);
    result.bytes = (double)total;
  }
  release_inputs(&narrow);
  release_inputs(&wide);
  free(y);
  release_pages(weights, total);
  return result;
}
