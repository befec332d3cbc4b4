// Rows as they lie in a file, back to floats.
#include "blocks.h"

static const float IQ4_LEVELS[16] = {STOA_IQ4_LEVELS}, MXFP4_LEVELS[16] = {STOA_MXFP4_LEVELS};

/// Blocks of 32 with one scale: d * (code - zero) + m.
static void dequantize_32(stoa_type type, const uint8_t *block, float *out) {
  uint8_t codes[32];
  unpack_codes(type, block, codes);
  if (type == STOA_MXFP4) {
    float unit = bfloat_to_float(mxfp4_unit(block[0]));
    for (int i = 0; i < 32; i++) out[i] = unit * MXFP4_LEVELS[codes[i]];
    return;
  }
  float d = half_to_float(load_u16(block));
  if (type == STOA_Q4_1 || type == STOA_Q5_1) {
    float m = half_to_float(load_u16(block + 2));
    for (int i = 0; i < 32; i++) out[i] = d * (float)codes[i] + m;
    return;
  }
  if (type == STOA_IQ4_NL) {
    for (int i = 0; i < 32; i++) out[i] = d * IQ4_LEVELS[codes[i]];
    return;
  }
  int zero = type == STOA_Q4_0 ? 8 : type == STOA_Q5_0 ? 16 : 128;
  for (int i = 0; i < 32; i++) out[i] = d * (float)(codes[i] - zero);
}

/// Super-blocks of 256: scale of the sub-block times code, less its minimum.
static void dequantize_256(stoa_type type, const uint8_t *block, float *out) {
  uint8_t codes[256], scale, minimum;
  unpack_codes(type, block, codes);
  size_t unit_at = type == STOA_Q2_K ? 80 : type == STOA_Q3_K ? 108 : type == STOA_Q6_K ? 208 : 0;
  float d = half_to_float(load_u16(block + unit_at));
  switch (type) {
    case STOA_Q2_K: {
      float dmin = half_to_float(load_u16(block + 82));
      for (int i = 0; i < 256; i++) {
        out[i] = d * (float)(block[i / 16] & 15) * (float)codes[i] - dmin * (float)(block[i / 16] >> 4);
      }
      break;
    }
    case STOA_Q4_K:
    case STOA_Q5_K: {
      float dmin = half_to_float(load_u16(block + 2));
      for (int j = 0; j < 8; j++) {
        unpack_scale_and_minimum(block + 4, j, &scale, &minimum);
        float s = d * (float)scale, m = dmin * (float)minimum;
        for (int i = j * 32; i < j * 32 + 32; i++) out[i] = s * (float)codes[i] - m;
      }
      break;
    }
    case STOA_Q3_K:
      for (int i = 0; i < 256; i++) out[i] = d * (float)unpack_q3_scale(block + 96, i / 16) * (float)(codes[i] - 4);
      break;
    case STOA_Q6_K:
      for (int i = 0; i < 256; i++) out[i] = d * (float)(int8_t)block[192 + i / 16] * (float)(codes[i] - 32);
      break;
    default:
      for (int i = 0; i < 256; i++) out[i] = d * (float)unpack_iq4_scale(block, i / 32) * IQ4_LEVELS[codes[i]];
  }
}

void stoa_dequantize_row(stoa_type type, const void *row, size_t columns, float *out) {
  const uint8_t *p = row;
  size_t size = stoa_block_bytes(type), block = stoa_block_columns(type);
  switch (type) {
    case STOA_F32: memcpy(out, p, columns * 4); break;
    case STOA_F16:
      for (size_t i = 0; i < columns; i++) out[i] = half_to_float(load_u16(p + 2 * i));
      break;
    case STOA_BF16:
      for (size_t i = 0; i < columns; i++) out[i] = bfloat_to_float(load_u16(p + 2 * i));
      break;
    default:
      for (size_t b = 0; b < columns / block; b++) {
        (block == 32 ? dequantize_32 : dequantize_256)(type, p + b * size, out + b * block);
      }
  }
}

size_t stoa_block_columns(stoa_type type) {
  switch (type) {
    case STOA_F32:
    case STOA_F16:
    case STOA_BF16: return 1;
    case STOA_Q4_0:
    case STOA_Q4_1:
    case STOA_Q5_0:
    case STOA_Q5_1:
    case STOA_Q8_0:
    case STOA_IQ4_NL:
    case STOA_MXFP4: return 32;
    default: return 256;
  }
}

size_t stoa_block_bytes(stoa_type type) {
  switch (type) {
    case STOA_F32: return 4;
    case STOA_F16:
    case STOA_BF16: return 2;
    case STOA_Q4_0:
    case STOA_IQ4_NL: return 18;
    case STOA_Q4_1: return 20;
    case STOA_Q5_0: return 22;
    case STOA_Q5_1: return 24;
    case STOA_Q8_0: return 34;
    case STOA_Q2_K: return 84;
    case STOA_Q3_K: return 110;
    case STOA_Q4_K: return 144;
    case STOA_Q5_K: return 176;
    case STOA_Q6_K: return 210;
    case STOA_IQ4_XS: return 136;
    case STOA_MXFP4: return 17;
  }
  return 0;
}
