// Prints the GB/s at which THREADS threads read memory: read_bandwidth THREADS
#include <stdio.h>
#include <stdlib.h>

#include "peaks.h"

int main(int count, char **arguments) {
  int threads = count == 2 ? atoi(arguments[1]) : 0;
  if (threads < 1 || threads > 1024) return 2;
  printf("%.2f\n", peak_read((size_t)threads, 512 << 20, 6));
  return 0;
}
