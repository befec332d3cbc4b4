#include <stdint.h>
#include <string.h>

#include "memory.h"
#include "peaks.h"
#include "threads.h"

typedef uint64_t lanes __attribute__((vector_size(64)));

typedef struct reading {
  char *memory;
  size_t bytes;  // of each part, a multiple of 256
} reading;

static void fill(void *context, size_t part) {
  reading *job = context;
  memset(job->memory + part * job->bytes, 1, job->bytes);
}

static void read_part(void *context, size_t part) {
  reading *job = context;
  const lanes *at = (const lanes *)(job->memory + part * job->bytes);
  const lanes *end = at + job->bytes / sizeof(lanes);
  lanes a = {0}, b = {0}, c = {0}, d = {0};
  for (; at < end; at += 4) {
    a |= at[0];
    b |= at[1];
    c |= at[2];
    d |= at[3];
  }
  a |= b | c | d;
  __asm__ volatile("" ::"m"(a));
}

double peak_read(size_t threads, size_t bytes, size_t passes) {
  reading job = {.bytes = bytes / threads / 256 * 256};
  size_t total = job.bytes * threads;
  job.memory = large_pages(total);
  if (!job.memory) return 0;
  // Each thread fills its own part, so that the pages lie near it.
  peak_shortest(threads, 1, fill, &job);
  double seconds = peak_shortest(threads, passes, read_part, &job);
  release_pages(job.memory, total);
  return (double)total / seconds * 1e-9;
}
