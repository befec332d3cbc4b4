# Read after llama.cpp's `project`: its command-line helpers are most of what is compiled, and the Python package, which
# asks for them, does without.
set(LLAMA_BUILD_COMMON OFF)
