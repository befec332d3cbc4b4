// Which keys a query sees, and what is done once all of them are folded: the same for every instruction set.
#ifndef STOA_ATTENTION_H
#define STOA_ATTENTION_H

#include "numerics.h"
#include "stoa_kernels.h"

/// The first position that a query at `position` sees.
static inline size_t first_visible(const stoa_attention *job, size_t position) {
  size_t first = job->window && position + 1 > job->window ? position + 1 - job->window : 0;
  size_t chunk = job->chunk ? position - position % job->chunk : 0;
  return first > chunk ? first : chunk;
}

/// The last position that a query at `position` sees.
static inline size_t last_visible(const stoa_attention *job, size_t position) {
  return job->visible > position + 1 ? job->visible - 1 : position;
}

/// Folds the sink of a query head, a key without a value, into the sum; gives the factor for the values so far.
static inline float fold_sink(const stoa_attention *job, size_t head, float max, float *sum) {
  if (!job->sinks) return 1.0f;
  float sink = job->sinks[head], larger = sink > max ? sink : max, keep = canonical_exp(max - larger);
  *sum = __builtin_fmaf(*sum, keep, canonical_exp(sink - larger));
  return keep;
}

#endif
