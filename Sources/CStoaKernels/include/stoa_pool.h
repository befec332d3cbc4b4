// A pool of threads for short parallel loops: it spins briefly between loops and then parks.
#ifndef STOA_POOL_H
#define STOA_POOL_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct stoa_pool stoa_pool;

/// Part [begin, end) of a loop; `worker` is below the pool's thread count and unique among concurrent calls.
typedef void (*stoa_pool_body)(void *_Nonnull context, size_t begin, size_t end, size_t worker);

/// Starts `threads - 1` threads (the caller of `stoa_pool_run` is the other one); null if the system refuses.
stoa_pool *_Nullable stoa_pool_create(size_t threads);
void stoa_pool_destroy(stoa_pool *_Nonnull pool);

/// Runs `body` over [0, count) in pieces of `grain` and returns when all are done. One call at a time.
void stoa_pool_run(stoa_pool *_Nonnull pool, size_t count, size_t grain, stoa_pool_body _Nonnull body,
                   void *_Nonnull context);

/// Processors that the scheduler lets this process use.
size_t stoa_affinity_count(void);

#ifdef __cplusplus
}
#endif
#endif
