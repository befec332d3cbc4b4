// Rows of floats to rows of any type that can be written.
#include "quantize.h"

static size_t quantize_f16(const float *x, size_t columns, uint8_t *out) {
  size_t bad = 0;
  for (size_t i = 0; i < columns; i++) {
    if (!store_scale(out + 2 * i, x[i]) && bad == 0) bad = i + 1;
  }
  return bad;
}

/// Nearest even.
static size_t quantize_bf16(const float *x, size_t columns, uint8_t *out) {
  size_t bad = 0;
  for (size_t i = 0; i < columns; i++) {
    uint32_t bits = float_bits(x[i]);
    uint16_t half = (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
    memcpy(out + 2 * i, &half, 2);
    if ((half & 0x7fff) >= 0x7f80 && bad == 0) bad = i + 1;
  }
  return bad;
}

size_t stoa_quantize_row(stoa_type type, const float *x, size_t columns, const float *importance, void *out) {
  switch (type) {
    case STOA_F32: memcpy(out, x, columns * 4); return 0;
    case STOA_F16: return quantize_f16(x, columns, out);
    case STOA_BF16: return quantize_bf16(x, columns, out);
    case STOA_Q4_0:
    case STOA_Q4_1:
    case STOA_Q5_0:
    case STOA_Q5_1:
    case STOA_Q8_0: return stoa_quantize_row_32(type, x, columns, importance, out);
    case STOA_Q2_K:
    case STOA_Q3_K:
    case STOA_Q4_K:
    case STOA_Q5_K:
    case STOA_Q6_K: return stoa_quantize_row_k(type, x, columns, importance, out);
    case STOA_IQ4_NL:
    case STOA_IQ4_XS: return stoa_quantize_row_iq4(type, x, columns, importance, out);
    case STOA_MXFP4: break;  // Models are published in it; nothing is turned into it.
  }
  return 1;
}

uint32_t stoa_largest_magnitude(const float *x, size_t n) {
  uint32_t largest = 0;
  for (size_t i = 0; i < n; i++) {
    uint32_t bits = float_bits(x[i]) & 0x7fffffff;
    if (bits > largest) largest = bits;
  }
  return largest;
}
