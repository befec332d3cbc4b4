// The worker pool. Every thread owns a contiguous slice of a loop, since contiguous reads are fastest, and takes pieces
// from the others' slices when its own is done, so a thread that lost its core to a neighbour holds nobody up. A thread
// that was not scheduled at all before the work ran out is not waited for: it has to join a loop before it takes part.
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "stoa_pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum { SPIN_LIMIT = 4000, CACHE_LINE = 64 };

// The state word: loop number, whether the loop is open to join, and how many workers have joined.
#define JOINED_MASK 0xffffull
#define OPEN_BIT 0x10000ull
#define LOOP_SHIFT 17

typedef struct slice {
  _Alignas(CACHE_LINE) atomic_size_t next;
  size_t end;
} slice;

typedef struct worker {
  stoa_pool *pool;
  size_t index;
  pthread_t thread;
} worker;

struct stoa_pool {
  _Alignas(CACHE_LINE) _Atomic uint64_t state;
  _Alignas(CACHE_LINE) _Atomic uint32_t bell;  ///< Changes with every loop; sleepers wait on it.
  _Alignas(CACHE_LINE) atomic_int sleepers;
  atomic_int stopping;
  size_t threads, grain;
  stoa_pool_body body;
  void *context;
  slice *slices;
  worker *workers;
};

static inline void pause_core(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void wait_on(_Atomic uint32_t *word, uint32_t value) {
#if defined(__linux__)
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
#else
  if (atomic_load(word) == value) sched_yield();
#endif
}

static void wake_all(_Atomic uint32_t *word) {
#if defined(__linux__)
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
#else
  (void)word;
#endif
}

static void take_part(stoa_pool *pool, size_t self) {
  for (size_t i = 0; i < pool->threads; i++) {
    slice *s = &pool->slices[(self + i) % pool->threads];
    for (;;) {
      size_t begin = atomic_fetch_add_explicit(&s->next, pool->grain, memory_order_relaxed);
      if (begin >= s->end) break;
      size_t end = s->end - begin > pool->grain ? begin + pool->grain : s->end;
      pool->body(pool->context, begin, end, self);
    }
  }
}

/// Joins the open loop if it is not the one already `seen`; gives the loop's number, or `seen` when there is none.
static uint64_t join(stoa_pool *pool, uint64_t seen, int *joined) {
  uint64_t state = atomic_load_explicit(&pool->state, memory_order_acquire);
  *joined = 0;
  while (state >> LOOP_SHIFT != seen) {
    if (!(state & OPEN_BIT)) return state >> LOOP_SHIFT;
    if (atomic_compare_exchange_weak_explicit(&pool->state, &state, state + 1, memory_order_acquire,
                                              memory_order_acquire)) {
      *joined = 1;
      return state >> LOOP_SHIFT;
    }
  }
  return seen;
}

static void *work(void *argument) {
  worker *self = argument;
  stoa_pool *pool = self->pool;
  uint64_t seen = 0;
  int spins = 0;
  while (!atomic_load_explicit(&pool->stopping, memory_order_relaxed)) {
    uint32_t bell = atomic_load(&pool->bell);
    int joined;
    uint64_t loop = join(pool, seen, &joined);
    if (joined) {
      take_part(pool, self->index);
      atomic_fetch_sub_explicit(&pool->state, 1, memory_order_release);
    }
    if (loop != seen) {
      seen = loop;
      spins = 0;
    } else if (++spins < SPIN_LIMIT) {
      pause_core();
    } else {
      atomic_fetch_add(&pool->sleepers, 1);
      if (!atomic_load(&pool->stopping)) wait_on(&pool->bell, bell);
      atomic_fetch_sub(&pool->sleepers, 1);
      spins = 0;
    }
  }
  return NULL;
}

static void ring(stoa_pool *pool) {
  atomic_fetch_add(&pool->bell, 1);
  if (atomic_load(&pool->sleepers) > 0) wake_all(&pool->bell);
}

stoa_pool *stoa_pool_create(size_t threads) {
  if (threads == 0 || threads > JOINED_MASK) return NULL;
  stoa_pool *pool = aligned_alloc(CACHE_LINE, sizeof(stoa_pool));
  slice *slices = aligned_alloc(CACHE_LINE, threads * sizeof(slice));
  worker *workers = calloc(threads, sizeof(worker));
  if (!pool || !slices || !workers) {
    free(pool), free(slices), free(workers);
    return NULL;
  }
  *pool = (stoa_pool){.threads = 1, .slices = slices, .workers = workers};
  // Signals are for the program's own threads.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  for (size_t i = 1; i < threads; i++) {
    workers[i] = (worker){.pool = pool, .index = i};
    if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) break;
    pool->threads = i + 1;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (pool->threads < threads) {
    stoa_pool_destroy(pool);
    return NULL;
  }
  return pool;
}

void stoa_pool_destroy(stoa_pool *pool) {
  atomic_store(&pool->stopping, 1);
  ring(pool);
  for (size_t i = 1; i < pool->threads; i++) pthread_join(pool->workers[i].thread, NULL);
  free(pool->slices);
  free(pool->workers);
  free(pool);
}

void stoa_pool_run(stoa_pool *pool, size_t count, size_t grain, stoa_pool_body body, void *context) {
  if (grain == 0) grain = 1;
  if (pool->threads == 1 || count <= grain) {
    if (count > 0) body(context, 0, count, 0);
    return;
  }
  size_t pieces = (count + grain - 1) / grain, begin = 0;
  for (size_t i = 0; i < pool->threads; i++) {
    size_t end = pieces * (i + 1) / pool->threads * grain;
    if (end > count) end = count;
    atomic_store_explicit(&pool->slices[i].next, begin, memory_order_relaxed);
    pool->slices[i].end = end;
    begin = end;
  }
  pool->grain = grain;
  pool->body = body;
  pool->context = context;
  uint64_t loop = (atomic_load_explicit(&pool->state, memory_order_relaxed) >> LOOP_SHIFT) + 1;
  atomic_store_explicit(&pool->state, loop << LOOP_SHIFT | OPEN_BIT, memory_order_release);
  ring(pool);
  take_part(pool, 0);
  atomic_fetch_and_explicit(&pool->state, ~OPEN_BIT, memory_order_acq_rel);
  for (int spins = 0; atomic_load_explicit(&pool->state, memory_order_acquire) & JOINED_MASK; spins++) {
    if (spins < SPIN_LIMIT) {
      pause_core();
    } else {
      sched_yield();
    }
  }
}

size_t stoa_affinity_count(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return (size_t)CPU_COUNT(&set);
#endif
  long online = sysconf(_SC_NPROCESSORS_ONLN);
  return online > 0 ? (size_t)online : 1;
}
