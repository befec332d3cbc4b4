#include "threads.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

typedef struct crew {
  size_t threads, runs;
  peak_body body;
  void *context;
  atomic_size_t arrived;
  double shortest;
} crew;

typedef struct member {
  crew *crew;
  size_t part;
  pthread_t thread;
} member;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/// Returns when all threads have called it `round` times.
static void meet(crew *crew, size_t round) {
  atomic_fetch_add(&crew->arrived, 1);
  while (atomic_load(&crew->arrived) < round * crew->threads) {
  }
}

static void *work(void *argument) {
  member *self = argument;
  crew *crew = self->crew;
  for (size_t run = 0; run < crew->runs; run++) {
    meet(crew, 2 * run + 1);
    double start = now();
    crew->body(crew->context, self->part);
    meet(crew, 2 * run + 2);
    double seconds = now() - start;
    if (self->part == 0 && (run == 0 || seconds < crew->shortest)) crew->shortest = seconds;
  }
  return NULL;
}

double peak_shortest(size_t threads, size_t runs, peak_body body, void *context) {
  crew crew = {.threads = threads, .runs = runs, .body = body, .context = context};
  member *members = calloc(threads, sizeof *members);
  if (!members) return 0;
  for (size_t part = 0; part < threads; part++) {
    members[part].crew = &crew;
    members[part].part = part;
    // A machine that refuses a handful of threads has nothing to measure: those started would wait for ever.
    if (part > 0 && pthread_create(&members[part].thread, NULL, work, &members[part]) != 0) abort();
  }
  work(&members[0]);
  for (size_t part = 1; part < threads; part++) pthread_join(members[part].thread, NULL);
  free(members);
  return crew.shortest;
}
