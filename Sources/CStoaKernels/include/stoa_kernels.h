// The numeric kernels of Stoa: one table of functions per instruction set, all equal to the scalar one to the bit.
// The arithmetic they must follow is written down in docs/CANONICAL.md (profile stoa-cpu-1).
#ifndef STOA_KERNELS_H
#define STOA_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/// Rows that are interleaved in packed quantised weights; a 32-bit lane of a 512-bit register is a row.
#define STOA_ROW_GROUP 16
/// Keys per attention block, counted from position 0.
#define STOA_KEY_BLOCK 64
/// The largest head dimension that attention accepts; DeepSeek's compressed keys have 576.
#define STOA_MAX_HEAD_DIM 640

typedef enum stoa_isa {
  STOA_ISA_SCALAR = 0,
  STOA_ISA_AVX2 = 1,
  STOA_ISA_AVXVNNI = 2,
  STOA_ISA_AVX512 = 3,
  STOA_ISA_AVX512VNNI = 4,
  STOA_ISA_NEON = 5,
} stoa_isa;

/// Element types of weights; the numbers are ggml's.
typedef enum stoa_type {
  STOA_F32 = 0,
  STOA_F16 = 1,
  STOA_Q4_0 = 2,
  STOA_Q4_1 = 3,
  STOA_Q5_0 = 6,
  STOA_Q5_1 = 7,
  STOA_Q8_0 = 8,
  STOA_Q2_K = 10,
  STOA_Q3_K = 11,
  STOA_Q4_K = 12,
  STOA_Q5_K = 13,
  STOA_Q6_K = 14,
  STOA_IQ4_NL = 20,
  STOA_IQ4_XS = 23,
  STOA_BF16 = 30,
  STOA_MXFP4 = 39,
} stoa_type;

/// Element types of cached keys and values.
typedef enum stoa_cache_type {
  STOA_CACHE_F32 = 0,
  STOA_CACHE_F16 = 1,
  STOA_CACHE_Q8_0 = 2,
} stoa_cache_type;

/// What feed-forward networks put between their matrices.
typedef enum stoa_nonlinearity {
  STOA_SILU = 0,
  STOA_GELU = 1,       ///< With the error function.
  STOA_GELU_TANH = 2,  ///< The approximation by the hyperbolic tangent.
  STOA_SWIGLU_OAI = 3, ///< Of gpt-oss: limited, and with 1 added to the other factor.
} stoa_nonlinearity;

/// Activations of a matrix product: `tokens` rows of `columns` values.
typedef struct stoa_activations {
  size_t tokens;
  size_t columns;
  const float *_Nullable values;     ///< [tokens][columns], for float weights.
  const int8_t *_Nullable codes;     ///< [tokens][columns], for quantised weights.
  const float *_Nullable scales;     ///< [tokens][columns / block], block 32 or 256.
  const int16_t *_Nullable sums32;   ///< [tokens][columns / 32], sums of 32 codes.
  const int16_t *_Nullable sums16;   ///< [tokens][columns / 16], sums of 16 codes; block 256 only.
} stoa_activations;

/// y[token][row] = sum over columns of weight[row][column] * x[token][column].
typedef struct stoa_matmul {
  stoa_type type;
  size_t rows;
  const void *_Nonnull weights;  ///< Row-major for float types; packed by `stoa_pack` for quantised types.
  stoa_activations x;
  float *_Nonnull y;
  size_t y_stride;               ///< Values from one token's outputs to the next.
} stoa_matmul;

/// Attention of the query heads that share one key/value head, over one sequence's cache.
typedef struct stoa_attention {
  const float *_Nonnull q;       ///< [tokens][q_stride], rotated and already multiplied by the softmax scale.
  size_t q_stride;
  float *_Nonnull out;           ///< [tokens][out_stride], same heads as q, value_dim values each.
  size_t out_stride;
  /// A page for each STOA_KEY_BLOCK positions from 0 on.
  const uint8_t *_Nonnull const *_Nonnull pages;
  size_t key_offset;             ///< Where in a page the keys lie: `stoa_cache_block_bytes(cache, head_dim)`, see cache.h.
  size_t value_offset;           ///< And the values: `stoa_cache_block_bytes(cache, value_stride)`.
  size_t head_dim;               ///< Of queries and keys.
  size_t value_dim;              ///< Of values and outputs.
  size_t value_stride;           ///< value_dim rounded up to a multiple of 16; 0: values are the first dimensions of keys.
  size_t first_head;             ///< The first query head of the group.
  size_t group;                  ///< Query heads per key/value head.
  size_t base_position;          ///< Position of token 0; token t is at base_position + t.
  size_t window;                 ///< Sliding window in positions, 0 for none.
  size_t chunk;                  ///< Positions of one chunk, beyond which nobody looks back; 0 for none.
  size_t visible;                ///< Positions that everybody sees, later ones too; 0: nobody sees later positions.
  float soft_cap;                ///< Scores are bent to stay below this; 0 for none.
  const float *_Nullable slopes; ///< Per query head, times the distance of a key (never positive), added to its score.
  const float *_Nullable sinks;  ///< Per query head, the score of a key without a value.
  stoa_cache_type cache;
} stoa_attention;

/// The kernels of one instruction set.
typedef struct stoa_kernels {
  stoa_isa isa;
  const char *_Nonnull name;
  /// Row groups [begin, end) of a product.
  void (*_Nonnull matmul)(const stoa_matmul *_Nonnull job, size_t group_begin, size_t group_end);
  /// One row of `n` values (a multiple of 32) to 8-bit codes, a scale and a sum per 32.
  void (*_Nonnull quantize32)(const float *_Nonnull x, size_t n, int8_t *_Nonnull codes, float *_Nonnull scales,
                              int16_t *_Nonnull sums32);
  /// One row of `n` values (a multiple of 256) to 8-bit codes, a scale per 256, sums per 32 and per 16.
  void (*_Nonnull quantize256)(const float *_Nonnull x, size_t n, int8_t *_Nonnull codes, float *_Nonnull scales,
                               int16_t *_Nonnull sums32, int16_t *_Nonnull sums16);
  /// Query rows [begin, end), where row = token * group + head within the group.
  void (*_Nonnull attention)(const stoa_attention *_Nonnull job, size_t row_begin, size_t row_end);
  /// y = x / sqrt(mean(x^2) + epsilon) * weight.
  void (*_Nonnull rms_norm)(const float *_Nonnull x, const float *_Nonnull weight, float epsilon, size_t n,
                            float *_Nonnull y);
  /// y = (x - mean(x)) / sqrt(variance(x) + epsilon) * weight + bias.
  void (*_Nonnull layer_norm)(const float *_Nonnull x, const float *_Nonnull weight, const float *_Nonnull bias,
                              float epsilon, size_t n, float *_Nonnull y);
  /// gate = f(gate) * up, without the product when `up` is null.
  void (*_Nonnull activate)(stoa_nonlinearity f, float *_Nonnull gate, const float *_Nullable up, size_t n);
  /// x = cap * tanh(x / cap).
  void (*_Nonnull soft_cap)(float *_Nonnull x, float cap, size_t n);
  /// x += y.
  void (*_Nonnull add)(float *_Nonnull x, const float *_Nonnull y, size_t n);
  /// x = scale * y + x, one rounding each.
  void (*_Nonnull add_scaled)(float *_Nonnull x, const float *_Nonnull y, float scale, size_t n);
  /// Rotates `heads` heads in place by `pairs` angles and multiplies by `scale`; `interleaved` pairs are (2i, 2i+1),
  /// otherwise (i, i + pairs). Values past 2 * pairs of a head are only scaled.
  void (*_Nonnull rope)(float *_Nonnull x, size_t heads, size_t head_dim, const float *_Nonnull cosines,
                        const float *_Nonnull sines, size_t pairs, int interleaved, float scale);
  /// Writes one position of one head to the keys and values of a page; `value_dim` is 0 where keys are values too.
  void (*_Nonnull store_kv)(const float *_Nonnull k, const float *_Nonnull v, size_t head_dim, size_t value_dim,
                            size_t value_stride, size_t position, stoa_cache_type type, void *_Nonnull keys,
                            void *_Nonnull values);
  /// y = exp(x), for tests and samplers.
  void (*_Nonnull exponential)(const float *_Nonnull x, size_t n, float *_Nonnull y);
} stoa_kernels;

/// The table of an instruction set, or null when this machine lacks it.
const stoa_kernels *_Nullable stoa_kernels_for(stoa_isa isa);
/// The fastest instruction set of this machine.
stoa_isa stoa_isa_best(void);

/// Bytes of the keys or values of STOA_KEY_BLOCK positions of one head, `width` values each.
size_t stoa_cache_block_bytes(stoa_cache_type type, size_t width);
/// Bytes of `rows` x `columns` weights after `stoa_pack`; 0 when the type is not packed.
size_t stoa_packed_bytes(stoa_type type, size_t rows, size_t columns);
/// Lays row groups [begin, end) of a row-major quantised matrix out for the kernels.
void stoa_pack(stoa_type type, const void *_Nonnull source, size_t rows, size_t columns, size_t group_begin,
               size_t group_end, void *_Nonnull packed);
/// One row of a row-major matrix (as it lies in a file) as float.
void stoa_dequantize_row(stoa_type type, const void *_Nonnull row, size_t columns, float *_Nonnull out);
/// One row of finite floats as any type; `importance` is a weight per column or null. Returns 0, or 1 + the index of the
/// first block (of a value, for F16 and BF16) that is too large for the type's scales.
size_t stoa_quantize_row(stoa_type type, const float *_Nonnull row, size_t columns, const float *_Nullable importance,
                         void *_Nonnull out);
/// The largest magnitude among `n` values by its bits without sign, so that infinities and NaN count as larger than
/// any number.
uint32_t stoa_largest_magnitude(const float *_Nonnull x, size_t n);
/// Columns and bytes of a block.
size_t stoa_block_columns(stoa_type type);
size_t stoa_block_bytes(stoa_type type);

#ifdef __cplusplus
}
#endif
#endif
