#ifndef MEASURE_MEMORY_H
#define MEASURE_MEMORY_H

#include <stddef.h>

/// Zeroed memory in large pages, or null; `release_pages` gives it back.
void *large_pages(size_t bytes);
void release_pages(void *memory, size_t bytes);

#endif
