#pragma once
#include <stddef.h>
#include <stdint.h>

/// What libFuzzer calls with every input; the result is 0.
typedef int (*FuzzTarget)(const uint8_t *data, size_t size);

/// Runs libFuzzer with the arguments of the process; it ends the process.
int runFuzzer(int argc, char **argv, FuzzTarget target);
