#include <immintrin.h>
#include <stdint.h>

#include "peaks.h"
#include "threads.h"

/// A loop of `steps` rounds.
typedef void (*peak_loop)(uint64_t steps);

enum { CHAINS = 12 };
#define FOR_CHAINS(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

/// Keeps the compiler from seeing through a value in a vector register.
#define HIDE(value) __asm__ volatile("" : "+v"(value))
#define CLEAR(i) sums[i] = zero; HIDE(sums[i]);
#define KEEP(i) HIDE(sums[i]);

/// A loop of independent chains, enough to fill the pipes; STEP(i) adds products of `a` to sums[i].
#define PEAK_LOOP(NAME, TARGET, SUM, INPUT, VALUE, STEP) \
  __attribute__((target(TARGET))) static void NAME(uint64_t steps) { \
    SUM zero = {0}, sums[CHAINS]; \
    INPUT a = (INPUT)VALUE; \
    HIDE(a); \
    FOR_CHAINS(CLEAR) \
    for (; steps; steps--) { FOR_CHAINS(STEP) } \
    FOR_CHAINS(KEEP) \
  }

#define FMA_256(i) sums[i] = _mm256_fmadd_ps(a, a, sums[i]);
#define FMA_512(i) sums[i] = _mm512_fmadd_ps(a, a, sums[i]);
PEAK_LOOP(fma_256, "avx2,fma", __m256, __m256, _mm256_set1_ps(1e-9f), FMA_256)
PEAK_LOOP(fma_512, "avx512f", __m512, __m512, _mm512_set1_ps(1e-9f), FMA_512)

// The product does not depend on the sum here; hiding its input keeps it in the loop.
#define MADDUBS_256(i) \
  HIDE(a); \
  sums[i] = _mm256_add_epi32(sums[i], _mm256_madd_epi16(_mm256_maddubs_epi16(a, a), _mm256_set1_epi16(1)));
#define MADDUBS_512(i) \
  HIDE(a); \
  sums[i] = _mm512_add_epi32(sums[i], _mm512_madd_epi16(_mm512_maddubs_epi16(a, a), _mm512_set1_epi16(1)));
PEAK_LOOP(maddubs_256, "avx2", __m256i, __m256i, _mm256_set1_epi8(3), MADDUBS_256)
PEAK_LOOP(maddubs_512, "avx512bw", __m512i, __m512i, _mm512_set1_epi8(3), MADDUBS_512)

// AVX-VNNI and AVX-512 VNNI encode the same 256-bit instruction differently; a machine may have either.
#define DPBUSD_256_AVX(i) sums[i] = _mm256_dpbusd_avx_epi32(sums[i], a, a);
#define DPBUSD_256(i) sums[i] = _mm256_dpbusd_epi32(sums[i], a, a);
#define DPBUSD_512(i) sums[i] = _mm512_dpbusd_epi32(sums[i], a, a);
PEAK_LOOP(dpbusd_256_avx, "avx2,avxvnni", __m256i, __m256i, _mm256_set1_epi8(3), DPBUSD_256_AVX)
PEAK_LOOP(dpbusd_256, "avx512vl,avx512vnni", __m256i, __m256i, _mm256_set1_epi8(3), DPBUSD_256)
PEAK_LOOP(dpbusd_512, "avx512f,avx512vnni", __m512i, __m512i, _mm512_set1_epi8(3), DPBUSD_512)

#define DPBF16_512(i) sums[i] = _mm512_dpbf16_ps(sums[i], a, a);
PEAK_LOOP(dpbf16_512, "avx512f,avx512bw,avx512bf16", __m512, __m512bh, _mm512_set1_epi16(0x3080), DPBF16_512)

typedef struct peak {
  const char *name;
  peak_loop loop;  // null when this machine lacks the instruction
  unsigned multiply_adds;  // of one step of one chain
} peak;

static peak find(peak_kind kind) {
  int avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  int wide = __builtin_cpu_supports("avx512bw");
  int vnni = wide && __builtin_cpu_supports("avx512vnni");
  switch (kind) {
    case PEAK_FMA_256: return (peak){"f32 FMA, 256 bit", avx2 ? fma_256 : NULL, 8};
    case PEAK_FMA_512: return (peak){"f32 FMA, 512 bit", wide ? fma_512 : NULL, 16};
    case PEAK_MADDUBS_256:
      return (peak){"vpmaddubsw …, 256 bit", avx2 ? maddubs_256 : NULL, 32};
    case PEAK_MADDUBS_512:
      return (peak){"vpmaddubsw …, 512 bit", wide ? maddubs_512 : NULL, 64};
    case PEAK_DPBUSD_256: {
      peak_loop loop = __builtin_cpu_supports("avxvnni") ? dpbusd_256_avx
                       : vnni && __builtin_cpu_supports("avx512vl") ? dpbusd_256
                                                                    : NULL;
      return (peak){"vpdpbusd, 256 bit", loop, 32};
    }
    case PEAK_DPBUSD_512: return (peak){"vpdpbusd, 512 bit", vnni ? dpbusd_512 : NULL, 64};
    case PEAK_DPBF16_512:
      return (peak){"vdpbf16ps, 512 bit", __builtin_cpu_supports("avx512bf16") ? dpbf16_512 : NULL, 32};
    default: return (peak){"", NULL, 0};
  }
}

const char *peak_name(peak_kind kind) { return find(kind).name; }

enum { STEPS = 2000000 };

static void run(void *context, size_t part) {
  (void)part;
  ((peak *)context)->loop(STEPS);
}

double peak_multiply_adds(peak_kind kind, size_t threads) {
  peak peak = find(kind);
  if (!peak.loop) return 0;
  double seconds = peak_shortest(threads, 10, run, &peak);
  return (double)threads * STEPS * CHAINS * peak.multiply_adds / seconds * 1e-9;
}
