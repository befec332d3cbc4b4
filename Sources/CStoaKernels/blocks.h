// The block layouts of ggml's quantised types (`ggml-common.h`), read back into codes and scales. All blocks are
// little-endian; d and m are binary16.
//
//   Q4_0    d, 16 bytes: low nibbles columns 0..15, high nibbles 16..31
//   Q4_1    d, m, 16 bytes as Q4_0
//   Q5_0    d, 32 fifth bits, 16 bytes as Q4_0
//   Q5_1    d, m, 32 fifth bits, 16 bytes as Q4_0
//   Q8_0    d, 32 signed bytes
//   IQ4_NL  d, 16 bytes as Q4_0; a code is an index of STOA_IQ4_LEVELS
//   MXFP4   a byte e, 16 bytes as Q4_0; a code is an index of STOA_MXFP4_LEVELS, whose unit is 2^(e - 128)
//   Q2_K    16 bytes of scale (low nibble) and minimum (high nibble), 64 bytes of codes, d, dmin; byte l of each 32 has
//           columns l, l + 32, l + 64, l + 96 of a half, two bits each
//   Q3_K    32 bytes of third bits (bit c / 32 of byte c % 32), 64 bytes as Q2_K, 12 bytes with 16 scales, d
//   Q4_K    d, dmin, 12 bytes with 8 scales and minima, 128 bytes: each 32 have 64 columns, low nibbles first
//   Q5_K    d, dmin, 12 bytes as Q4_K, 32 bytes of fifth bits as in Q3_K, 128 bytes as Q4_K
//   Q6_K    128 bytes of low nibbles, 64 bytes of upper bits, 16 signed scales, d
//   IQ4_XS  d, 16 bits with the upper 2 bits of 8 scales, 4 bytes with their lower 4, 8 times 16 bytes as IQ4_NL
#ifndef STOA_BLOCKS_H
#define STOA_BLOCKS_H

#include "numerics.h"
#include "stoa_kernels.h"

/// The values that the codes of IQ4_NL and IQ4_XS stand for (`kvalues_iq4nl`).
#define STOA_IQ4_LEVELS -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113

/// Twice the values of E2M1, a sign, two bits of exponent and one of mantissa, so that they are integers.
/// Source: OCP Microscaling Formats (MX) Specification 1.0, section 5.3.3; `kvalues_mxfp4` of ggml.
#define STOA_MXFP4_LEVELS 0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12

/// Half of the scale of a block of MXFP4, 2^(e - 128), as a bfloat16, which holds the two smallest as subnormals.
/// 255 stands for a NaN (the same specification, section 5.4.1); ggml reads it as 2^127.
static inline uint16_t mxfp4_unit(uint8_t e) {
  return e == 255 ? 0x7fc0 : e < 2 ? (uint16_t)(0x20 << e) : (uint16_t)((e - 1) << 7);
}

/// The 6-bit scale and minimum of sub-block j of Q4_K and Q5_K, which share 12 bytes (`get_scale_min_k4`).
static inline void unpack_scale_and_minimum(const uint8_t *packed, int j, uint8_t *scale, uint8_t *minimum) {
  if (j < 4) {
    *scale = packed[j] & 63;
    *minimum = packed[j + 4] & 63;
  } else {
    *scale = (packed[j + 4] & 15) | (packed[j - 4] >> 6 << 4);
    *minimum = packed[j + 4] >> 4 | (packed[j] >> 6 << 4);
  }
}

/// The inverse of `unpack_scale_and_minimum`, j ascending from 0.
static inline void pack_scale_and_minimum(uint8_t *packed, int j, uint8_t scale, uint8_t minimum) {
  if (j < 4) {
    packed[j] = scale;
    packed[j + 4] = minimum;
  } else {
    packed[j + 4] = (scale & 15) | (uint8_t)(minimum << 4);
    packed[j - 4] |= (uint8_t)(scale >> 4 << 6);
    packed[j] |= (uint8_t)(minimum >> 4 << 6);
  }
}

/// Scale j of the 16 of Q3_K, -32..31: eight low nibbles, eight high nibbles, and four bytes with the upper two bits.
static inline int unpack_q3_scale(const uint8_t *packed, int j) {
  int low = j < 8 ? packed[j] & 15 : packed[j - 8] >> 4;
  return (low | (packed[8 + j % 4] >> (2 * (j / 4)) & 3) << 4) - 32;
}

/// The inverse of `unpack_q3_scale` for scale + 32, on bytes that were zero before j = 0.
static inline void pack_q3_scale(uint8_t *packed, int j, int shifted) {
  packed[j % 8] |= (uint8_t)(j < 8 ? shifted & 15 : (shifted & 15) << 4);
  packed[8 + j % 4] |= (uint8_t)(shifted >> 4 << (2 * (j / 4)));
}

/// Scale j of the 8 of IQ4_XS, -32..31.
static inline int unpack_iq4_scale(const uint8_t *block, int j) {
  return ((block[4 + j / 2] >> (4 * (j % 2)) & 15) | (load_u16(block + 2) >> (2 * j) & 3) << 4) - 32;
}

/// 32 four-bit codes from 16 bytes: low nibbles, then high ones.
static inline void unpack_nibbles(const uint8_t *bytes, uint8_t *codes) {
  for (int i = 0; i < 16; i++) {
    codes[i] = bytes[i] & 15;
    codes[i + 16] = bytes[i] >> 4;
  }
}

static inline void pack_nibbles(const uint8_t *codes, uint8_t *bytes) {
  for (int i = 0; i < 16; i++) bytes[i] = (codes[i] & 15) | (uint8_t)(codes[i + 16] << 4);
}

/// The fifth bits of 32 codes, bit i for code i.
static inline void unpack_fifth_bits(const uint8_t *bits, uint8_t *codes) {
  for (int i = 0; i < 32; i++) codes[i] |= (bits[i / 8] >> (i % 8) & 1) << 4;
}

static inline void pack_fifth_bits(const uint8_t *codes, uint8_t *bits) {
  memset(bits, 0, 4);
  for (int i = 0; i < 32; i++) bits[i / 8] |= (uint8_t)((codes[i] >> 4 & 1) << (i % 8));
}

/// 256 two-bit codes from 64 bytes.
static inline void unpack_pairs_of_bits(const uint8_t *bytes, uint8_t *codes) {
  for (int k = 0; k < 8; k++) {
    for (int l = 0; l < 32; l++) codes[k * 32 + l] = bytes[k / 4 * 32 + l] >> (k % 4 * 2) & 3;
  }
}

static inline void pack_pairs_of_bits(const uint8_t *codes, uint8_t *bytes) {
  memset(bytes, 0, 64);
  for (int k = 0; k < 8; k++) {
    for (int l = 0; l < 32; l++) bytes[k / 4 * 32 + l] |= (uint8_t)((codes[k * 32 + l] & 3) << (k % 4 * 2));
  }
}

/// One more bit for each of 256 codes, bit c / 32 of byte c % 32.
static inline void unpack_upper_bits(const uint8_t *bits, int shift, uint8_t *codes) {
  for (int k = 0; k < 8; k++) {
    for (int l = 0; l < 32; l++) codes[k * 32 + l] |= (uint8_t)((bits[l] >> k & 1) << shift);
  }
}

static inline void pack_upper_bits(const uint8_t *codes, int shift, uint8_t *bits) {
  memset(bits, 0, 32);
  for (int k = 0; k < 8; k++) {
    for (int l = 0; l < 32; l++) bits[l] |= (uint8_t)((codes[k * 32 + l] >> shift & 1) << k);
  }
}

/// 256 four-bit codes from 128 bytes, 64 columns in each 32 bytes.
static inline void unpack_long_nibbles(const uint8_t *bytes, uint8_t *codes) {
  for (int g = 0; g < 4; g++) {
    for (int l = 0; l < 32; l++) {
      codes[g * 64 + l] = bytes[g * 32 + l] & 15;
      codes[g * 64 + 32 + l] = bytes[g * 32 + l] >> 4;
    }
  }
}

static inline void pack_long_nibbles(const uint8_t *codes, uint8_t *bytes) {
  for (int g = 0; g < 4; g++) {
    for (int l = 0; l < 32; l++) {
      bytes[g * 32 + l] = (codes[g * 64 + l] & 15) | (uint8_t)(codes[g * 64 + 32 + l] << 4);
    }
  }
}

/// 256 six-bit codes of Q6_K: in each half, nibbles of columns l and l + 64 share byte l of 64, and the upper bits of
/// columns l, l + 32, l + 64 and l + 96 share byte l of 32.
static inline void unpack_q6_codes(const uint8_t *block, uint8_t *codes) {
  for (int half = 0; half < 2; half++) {
    const uint8_t *low = block + half * 64, *high = block + 128 + half * 32;
    uint8_t *out = codes + half * 128;
    for (int k = 0; k < 4; k++) {
      for (int l = 0; l < 32; l++) {
        out[k * 32 + l] = (low[k % 2 * 32 + l] >> (k / 2 * 4) & 15) | (uint8_t)((high[l] >> (2 * k) & 3) << 4);
      }
    }
  }
}

static inline void pack_q6_codes(const uint8_t *codes, uint8_t *block) {
  memset(block, 0, 192);
  for (int half = 0; half < 2; half++) {
    uint8_t *low = block + half * 64, *high = block + 128 + half * 32;
    const uint8_t *in = codes + half * 128;
    for (int k = 0; k < 4; k++) {
      for (int l = 0; l < 32; l++) {
        low[k % 2 * 32 + l] |= (uint8_t)((in[k * 32 + l] & 15) << (k / 2 * 4));
        high[l] |= (uint8_t)(in[k * 32 + l] >> 4 << (2 * k));
      }
    }
  }
}

/// The unsigned codes of a block in column order; those of Q8_0 are shifted by 128.
static inline void unpack_codes(stoa_type type, const uint8_t *block, uint8_t *codes) {
  switch (type) {
    case STOA_Q4_0:
    case STOA_IQ4_NL: unpack_nibbles(block + 2, codes); break;
    case STOA_MXFP4: unpack_nibbles(block + 1, codes); break;
    case STOA_Q4_1: unpack_nibbles(block + 4, codes); break;
    case STOA_Q5_0:
      unpack_nibbles(block + 6, codes);
      unpack_fifth_bits(block + 2, codes);
      break;
    case STOA_Q5_1:
      unpack_nibbles(block + 8, codes);
      unpack_fifth_bits(block + 4, codes);
      break;
    case STOA_Q8_0:
      for (int i = 0; i < 32; i++) codes[i] = block[2 + i] ^ 0x80;
      break;
    case STOA_Q2_K: unpack_pairs_of_bits(block + 16, codes); break;
    case STOA_Q3_K:
      unpack_pairs_of_bits(block + 32, codes);
      unpack_upper_bits(block, 2, codes);
      break;
    case STOA_Q4_K: unpack_long_nibbles(block + 16, codes); break;
    case STOA_Q5_K:
      unpack_long_nibbles(block + 48, codes);
      unpack_upper_bits(block + 16, 4, codes);
      break;
    case STOA_Q6_K: unpack_q6_codes(block, codes); break;
    case STOA_IQ4_XS:
      for (int s = 0; s < 8; s++) unpack_nibbles(block + 8 + 16 * s, codes + 32 * s);
      break;
    default: break;
  }
}

#endif
