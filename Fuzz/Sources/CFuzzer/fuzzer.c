#include "CFuzzer.h"

// LLVM, compiler-rt/include/sanitizer and FuzzerInterface.h: the driver as a library.
int LLVMFuzzerRunDriver(int *argc, char ***argv, FuzzTarget target);

int runFuzzer(int argc, char **argv, FuzzTarget target) { return LLVMFuzzerRunDriver(&argc, &argv, target); }
