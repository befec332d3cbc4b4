#ifndef PEAKS_THREADS_H
#define PEAKS_THREADS_H

#include <stddef.h>

/// One thread's part of a measurement; `part` counts from 0.
typedef void (*peak_body)(void *context, size_t part);

/// Seconds from the moment when all threads are ready until the last has run `body`; `runs` times, the shortest. 0 when
/// the system refuses a thread.
double peak_shortest(size_t threads, size_t runs, peak_body body, void *context);

#endif
