// Lays quantised weights out for the kernels.
#include <string.h>

#include "blocks.h"
#include "layout.h"

size_t stoa_packed_bytes(stoa_type type, size_t rows, size_t columns) {
  layout l = layout_of(type);
  if (l.columns == 0) return 0;
  return (rows + GROUP - 1) / GROUP * group_bytes(l, columns);
}

/// Copies `quads` runs of four bytes of row r to their lanes.
static void scatter_quads(const uint8_t *source, int quads, int r, uint8_t *codes) {
  for (int q = 0; q < quads; q++) memcpy(codes + q * VECTOR + r * 4, source + q * 4, 4);
}

static void pack_q8_0(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  uint8_t shifted[32];
  for (int i = 0; i < 32; i++) shifted[i] = block[2 + i] ^ 0x80;
  scatter_quads(shifted, 8, r, codes);
  memcpy(scales + 2 * r, block, 2);
}

static void pack_q4_0(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  scatter_quads(block + 2, 4, r, codes);
  memcpy(scales + 2 * r, block, 2);
}

static void pack_q4_k(const uint8_t *block, int r, uint8_t *codes, uint8_t *scales) {
  scatter_quads(block + 16, 32, r, codes);
  for (int j = 0; j < 8; j++) {
    unpack_scale_and_minimum(block + 4, j, scales + j * GROUP + r, scales + Q4_K_MINIMA + j / 2 * 2 * GROUP + 2 * r + j % 2);
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
    scatter_quads(low, 4, r, codes + p * Q6_K_PAIR);
    scatter_quads(high, 2, r, codes + p * Q6_K_PAIR + 4 * VECTOR);
    memcpy(scales + p * 2 * GROUP + 2 * r, block + 192 + 2 * p, 2);
  }
  memcpy(scales + Q6_K_D + 2 * r, block + 208, 2);
}

void stoa_pack(stoa_type type, const void *source, size_t rows, size_t columns, size_t group_begin, size_t group_end,
               void *packed) {
  layout l = layout_of(type);
  size_t blocks = columns / l.columns, row_bytes = blocks * l.source_bytes, bytes = group_bytes(l, columns);
  for (size_t g = group_begin; g < group_end; g++) {
    uint8_t *group = (uint8_t *)packed + g * bytes;
    size_t present = rows - g * GROUP < GROUP ? rows - g * GROUP : GROUP;
    // Rows past the end have zero scales, so whatever their codes, they add nothing.
    if (present < GROUP) memset(group, 0, bytes);
    for (size_t b = 0; b < blocks; b++) {
      uint8_t *codes = group + codes_at(l, b), *scales = group + scales_at(l, b);
      for (size_t r = 0; r < present; r++) {
        const uint8_t *block = (const uint8_t *)source + (g * GROUP + r) * row_bytes + b * l.source_bytes;
        switch (type) {
          case STOA_Q8_0: pack_q8_0(block, (int)r, codes, scales); break;
          case STOA_Q4_0: pack_q4_0(block, (int)r, codes, scales); break;
          case STOA_Q4_K: pack_q4_k(block, (int)r, codes, scales); break;
          case STOA_Q6_K: pack_q6_k(block, (int)r, codes, scales); break;
          default: break;
        }
      }
    }
  }
}
