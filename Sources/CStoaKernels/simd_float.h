// Products with float weights, row-major as they lie in the file: 16 partial sums along the columns, then the tree.

INLINE v16f load_weights(stoa_type type, const uint8_t *row, size_t column) {
  if (type == STOA_F16) return load_half(row + 2 * column);
  if (type == STOA_BF16) {
    v16h bits;
    memcpy(&bits, row + 2 * column, 32);
    return (v16f)(__builtin_convertvector(bits, v16u) << 16);
  }
  return load_floats((const float *)(const void *)(row + 4 * column));
}

/// The last columns of a row, with zeros after them.
INLINE v16f load_tail(stoa_type type, const uint8_t *row, size_t column, size_t count) {
  float values[16] = {0};
  size_t size = type == STOA_F32 ? 4 : 2;
  uint8_t bytes[64] = {0};
  memcpy(bytes, row + size * column, size * count);
  store_floats(values, load_weights(type, bytes, 0));
  return load_floats(values);
}

#define MAX_FLOAT_TILE 24

/// R rows by T tokens; both constant at each call.
INLINE void tile_float(const stoa_matmul *job, stoa_type type, size_t row, size_t token, const int R, const int T) {
  size_t columns = job->x.columns, row_bytes = columns * (type == STOA_F32 ? 4 : 2), whole = columns / 16 * 16;
  const uint8_t *w = (const uint8_t *)job->weights + row * row_bytes;
  const float *x = job->x.values + token * columns;
  // Fixed sizes and unrolled loops throughout, or the sums live in memory instead of registers.
  v16f acc[MAX_FLOAT_TILE];
  UNROLL for (int i = 0; i < R * T; i++) acc[i] = splat(0);
  for (size_t c = 0; c < whole; c += 16) {
    v16f weights[4];
    UNROLL for (int r = 0; r < R; r++) weights[r] = load_weights(type, w + (size_t)r * row_bytes, c);
    UNROLL for (int t = 0; t < T; t++) {
      v16f values = load_floats(x + (size_t)t * columns + c);
      UNROLL for (int r = 0; r < R; r++) acc[r * T + t] = fma16(weights[r], values, acc[r * T + t]);
    }
  }
  if (whole < columns) {
    UNROLL for (int r = 0; r < R; r++) {
      v16f weights = load_tail(type, w + (size_t)r * row_bytes, whole, columns - whole);
      UNROLL for (int t = 0; t < T; t++) {
        v16f values = load_tail(STOA_F32, (const uint8_t *)(x + (size_t)t * columns), whole, columns - whole);
        acc[r * T + t] = fma16(weights, values, acc[r * T + t]);
      }
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    UNROLL for (int t = 0; t < T; t++) {
      job->y[(token + (size_t)t) * job->y_stride + row + (size_t)r] = tree(acc[r * T + t]);
    }
  }
}

/// Rows that stay in the second-level cache while all tokens pass by.
#define ROWS_PER_BLOCK 64

#define DEFINE_FLOAT_MATMUL(name, type)                                                            \
  static void name(const stoa_matmul *job, size_t begin, size_t end) {                             \
    size_t last_row = end * GROUP < job->rows ? end * GROUP : job->rows;                           \
    for (size_t first = begin * GROUP; first < last_row; first += ROWS_PER_BLOCK) {                \
      size_t last = first + ROWS_PER_BLOCK < last_row ? first + ROWS_PER_BLOCK : last_row;         \
      for (size_t t = 0, tokens; t < job->x.tokens; t += tokens) {                                 \
        tokens = job->x.tokens - t >= TILE_TOKENS ? TILE_TOKENS : 1;                               \
        size_t row = first;                                                                        \
        if (tokens == 1) {                                                                         \
          for (; row + 4 <= last; row += 4) tile_float(job, type, row, t, 4, 1);                   \
          for (; row < last; row++) tile_float(job, type, row, t, 1, 1);                           \
        } else {                                                                                   \
          for (; row + TILE_ROWS <= last; row += TILE_ROWS) tile_float(job, type, row, t, TILE_ROWS, TILE_TOKENS); \
          for (; row < last; row++) tile_float(job, type, row, t, 1, TILE_TOKENS);                 \
        }                                                                                          \
      }                                                                                            \
    }                                                                                              \
  }

DEFINE_FLOAT_MATMUL(matmul_f32, STOA_F32)
DEFINE_FLOAT_MATMUL(matmul_f16, STOA_F16)
DEFINE_FLOAT_MATMUL(matmul_bf16, STOA_BF16)

static void matmul(const stoa_matmul *job, size_t begin, size_t end) {
  switch (job->type) {
    case STOA_F32: matmul_f32(job, begin, end); break;
    case STOA_F16: matmul_f16(job, begin, end); break;
    case STOA_BF16: matmul_bf16(job, begin, end); break;
    case STOA_Q8_0: matmul_q8_0(job, begin, end); break;
    case STOA_Q4_0: matmul_q4_0(job, begin, end); break;
    case STOA_Q4_1: matmul_q4_1(job, begin, end); break;
    case STOA_Q5_0: matmul_q5_0(job, begin, end); break;
    case STOA_Q5_1: matmul_q5_1(job, begin, end); break;
    case STOA_IQ4_NL: matmul_iq4_nl(job, begin, end); break;
    case STOA_MXFP4: matmul_mxfp4(job, begin, end); break;
    case STOA_Q2_K: matmul_q2_k(job, begin, end); break;
    case STOA_Q3_K: matmul_q3_k(job, begin, end); break;
    case STOA_Q4_K: matmul_q4_k(job, begin, end); break;
    case STOA_Q5_K: matmul_q5_k(job, begin, end); break;
    case STOA_Q6_K: matmul_q6_k(job, begin, end); break;
    case STOA_IQ4_XS: matmul_iq4_xs(job, begin, end); break;
  }
}
