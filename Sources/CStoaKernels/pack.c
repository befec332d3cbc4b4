// Lays quantised weights out for the kernels.
#include <string.h>

#include "blocks.h"
#include "cache.h"
#include "layout.h"

size_t stoa_cache_block_bytes(stoa_cache_type type, size_t width) { return cache_block_bytes(type, width); }

size_t stoa_packed_bytes(stoa_type type, size_t rows, size_t columns) {
  layout l = layout_of(type);
  if (l.columns == 0) return 0;
  return (rows + GROUP - 1) / GROUP * group_bytes(l, columns);
}

/// Copies `quads` runs of four bytes of row r to their lanes.
static void scatter_quads(const uint8_t *source, int quads, int r, uint8_t *codes) {
  for (int q = 0; q < quads; q++) memcpy(codes + q * VECTOR + r * 4, source + q * 4, 4);
}

static uint32_t quad_of(const uint8_t *codes, int quad) {
  uint32_t four;
  memcpy(&four, codes + quad * 4, 4);
  return four;
}

/// One bit of each of 32 codes, for one lane of a vector of bits.
static void scatter_bits(const uint8_t *codes, int bit, int r, uint8_t *vector) {
  uint32_t lane = 0;
  for (int s = 0; s < 8; s++) lane |= (quad_of(codes, s) >> bit & 0x01010101) << s;
  memcpy(vector + r * 4, &lane, 4);
}

/// The same from 32 bits in column order: the multiplication spreads four of them to four bytes.
static void scatter_packed_bits(const uint8_t *bits, int r, uint8_t *vector) {
  uint32_t lane = 0;
  for (int s = 0; s < 8; s++) lane |= ((quad_of(bits, 0) >> (4 * s) & 15) * 0x204081 & 0x01010101) << s;
  memcpy(vector + r * 4, &lane, 4);
}

/// The low two bits of each of 16 codes, for one lane.
static void scatter_pairs_of_bits(const uint8_t *codes, int r, uint8_t *vector) {
  uint32_t lane = 0;
  for (int s = 0; s < 4; s++) lane |= (quad_of(codes, s) & 0x03030303) << (2 * s);
  memcpy(vector + r * 4, &lane, 4);
}

static void pack_q8_0(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  uint8_t shifted[32];
  unpack_codes(STOA_Q8_0, block, shifted);
  scatter_quads(shifted, 8, r, codes);
  memcpy(scales + 2 * r, block, 2);
}

/// Q4_0, Q4_1, Q5_0, Q5_1, IQ4_NL and MXFP4.
static void pack_nibble_block(stoa_type type, const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  size_t nibbles = stoa_block_bytes(type) - 16;
  scatter_quads(block + nibbles, 4, r, codes + fifth_vectors(type) * VECTOR);
  if (has_fifth_bits(type)) scatter_packed_bits(block + nibbles - 4, r, codes);
  uint16_t scale = type == STOA_MXFP4 ? mxfp4_unit(block[0]) : load_u16(block);
  memcpy(scales + 2 * r, &scale, 2);
  if (has_minimum(type)) memcpy(scales + MINIMA + 2 * r, block + 2, 2);
}

static void pack_q2_k(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  uint8_t values[256];
  unpack_codes(STOA_Q2_K, block, values);
  for (size_t j = 0; j < 16; j++) {
    scatter_pairs_of_bits(values + 16 * j, r, codes + q2_codes_at(j));
    codes[q2_scale_at(j, (size_t)r)] = block[j];
  }
  memcpy(scales + 2 * r, block + 80, 2);
  memcpy(scales + MINIMA + 2 * r, block + 82, 2);
}

static void pack_q3_k(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  uint8_t values[256];
  unpack_codes(STOA_Q3_K, block, values);
  for (int p = 0; p < 8; p++) {
    uint8_t *pair = codes + p * Q3_K_PAIR;
    scatter_pairs_of_bits(values + 32 * p, r, pair);
    scatter_pairs_of_bits(values + 32 * p + 16, r, pair + VECTOR);
    scatter_bits(values + 32 * p, 2, r, pair + 2 * VECTOR);
  }
  uint32_t low[2] = {0}, upper = 0;
  for (int j = 0; j < 16; j++) {
    uint32_t shifted = (uint32_t)(unpack_q3_scale(block + 96, j) + 32);
    int p = j / 2, half = j % 2 * 16;
    low[p / 4] |= (shifted & 15) << (half + p % 4 * 4);
    upper |= shifted >> 4 << (half + p * 2);
  }
  memcpy(scales + 4 * r, &low[0], 4);
  memcpy(scales + VECTOR + 4 * r, &low[1], 4);
  memcpy(scales + Q3_K_UPPER + 4 * r, &upper, 4);
  memcpy(scales + Q3_K_D + 2 * r, block + 108, 2);
}

/// Q4_K and Q5_K.
static void pack_q45_k(stoa_type type, const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  if (type == STOA_Q4_K) {
    scatter_quads(block + 16, 32, r, codes);
  } else {
    uint8_t values[256];
    unpack_codes(type, block, values);
    for (int g = 0; g < 4; g++) {
      uint8_t *part = codes + (size_t)g * nibble_part(type);
      scatter_bits(values + 64 * g, 4, r, part);
      scatter_bits(values + 64 * g + 32, 4, r, part + VECTOR);
      scatter_quads(block + 48 + 32 * g, 8, r, part + 2 * VECTOR);
    }
  }
  for (int j = 0; j < 8; j++) {
    unpack_scale_and_minimum(block + 4, j, scales + j * GROUP + r,
                             scales + Q4_K_MINIMA + j / 2 * 2 * GROUP + 2 * r + j % 2);
  }
  memcpy(scales + Q4_K_D + 2 * r, block, 2);
  memcpy(scales + Q4_K_DMIN + 2 * r, block + 2, 2);
}

static void pack_q6_k(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  uint8_t values[256];
  unpack_codes(STOA_Q6_K, block, values);
  for (int p = 0; p < 8; p++) {
    const uint8_t *c = values + 32 * p;
    uint8_t low[16], high[8];
    for (int i = 0; i < 16; i++) low[i] = (c[i] & 15) | (c[i + 16] & 15) << 4;
    for (int i = 0; i < 8; i++) {
      const uint8_t *q = c + i / 4 * 8 + i % 4;  // quad 2h of this lane; +16 is quad 2h+4, +4 quad 2h+1, +20 quad 2h+5
      high[i] = q[0] >> 4 | (q[16] >> 4) << 2 | (q[4] >> 4) << 4 | (q[20] >> 4) << 6;
    }
    for (size_t v = 0; v < 4; v++) scatter_quads(low + 4 * v, 1, r, codes + p * Q6_K_PAIR + q6_low_at(v));
    for (size_t v = 0; v < 4; v += 2) scatter_quads(high + 2 * v, 1, r, codes + p * Q6_K_PAIR + q6_high_at(v));
    memcpy(scales + p * 2 * GROUP + 2 * r, block + 192 + 2 * p, 2);
  }
  memcpy(scales + Q6_K_D + 2 * r, block + 208, 2);
}

static void pack_iq4_xs(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  uint8_t values[256], nibbles[128];
  unpack_codes(STOA_IQ4_XS, block, values);
  pack_long_nibbles(values, nibbles);
  scatter_quads(nibbles, 32, r, codes);
  uint32_t low = 0;
  uint16_t upper = 0;
  for (int j = 0; j < 8; j++) {
    uint32_t shifted = (uint32_t)(unpack_iq4_scale(block, j) + 32);
    low |= (shifted & 15) << (4 * j);
    upper |= (uint16_t)(shifted >> 4 << (2 * j));
  }
  memcpy(scales + 4 * r, &low, 4);
  memcpy(scales + IQ4_XS_UPPER + 2 * r, &upper, 2);
  memcpy(scales + IQ4_XS_D + 2 * r, block, 2);
}

void stoa_pack(stoa_type type, const void *source, size_t rows, size_t columns, size_t group_begin, size_t group_end,
               void *packed) {
  layout l = layout_of(type);
  size_t source_bytes = stoa_block_bytes(type), blocks = columns / l.columns, row_bytes = blocks * source_bytes;
  size_t bytes = group_bytes(l, columns);
  for (size_t g = group_begin; g < group_end; g++) {
    uint8_t *group = (uint8_t *)packed + g * bytes;
    size_t present = rows - g * GROUP < GROUP ? rows - g * GROUP : GROUP;
    // Rows past the end have zero scales, so whatever their codes, they add nothing.
    if (present < GROUP) memset(group, 0, bytes);
    for (size_t b = 0; b < blocks; b++) {
      uint8_t *codes = group + codes_at(l, b), *scales = group + scales_at(l, b);
      for (size_t r = 0; r < present; r++) {
        const uint8_t *block = (const uint8_t *)source + (g * GROUP + r) * row_bytes + b * source_bytes;
        switch (type) {
          case STOA_Q8_0: pack_q8_0(block, (int)r, codes, scales); break;
          case STOA_Q2_K: pack_q2_k(block, (int)r, codes, scales); break;
          case STOA_Q3_K: pack_q3_k(block, (int)r, codes, scales); break;
          case STOA_Q4_K:
          case STOA_Q5_K: pack_q45_k(type, block, (int)r, codes, scales); break;
          case STOA_Q6_K: pack_q6_k(block, (int)r, codes, scales); break;
          case STOA_IQ4_XS: pack_iq4_xs(block, (int)r, codes, scales); break;
          default: pack_nibble_block(type, block, (int)r, codes, scales);
        }
      }
    }
  }
}
