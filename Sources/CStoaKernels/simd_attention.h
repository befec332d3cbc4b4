// Attention: lane = key for the scores, lane = dimension for the weighted values, so neither needs a horizontal sum.

/// 16 neighbouring elements of a cache; those of Q8_0 without their scale.
INLINE v16f load_cached(const stoa_cache_type type, const uint8_t *elements, size_t index) {
  if (type == STOA_CACHE_F32) return load_floats((const float *)(const void *)elements + index);
  if (type == STOA_CACHE_F16) return load_half(elements + 2 * index);
  v16c bytes;
  memcpy(&bytes, elements + index, 16);
  return __builtin_convertvector(__builtin_convertvector(bytes, v16i), v16f);
}

/// What one query row carries from block to block.
typedef struct query_row {
  const float *q;
  float *out;
  size_t head, position;
  size_t first, last;  ///< Visible positions, inclusive.
  float max, sum;
  int started;
} query_row;

/// Scores of R queries against the keys of one block, V vectors of 16 keys at a time.
INLINE void block_scores(const query_row *rows, const uint8_t *block, size_t dim, const stoa_cache_type type,
                         const int R, const int V, float scores[][STOA_KEY_BLOCK]) {
  const uint8_t *keys = block + cache_scale_bytes(type, dim);
  for (size_t chunk = 0; chunk < STOA_KEY_BLOCK; chunk += 16 * (size_t)V) {
    v16f acc[16];
    UNROLL for (int i = 0; i < R * V; i++) acc[i] = splat(0);
    for (size_t run = 0; run < dim; run += CACHE_RUN) {
      v16f scale[4];
      if (type == STOA_CACHE_Q8_0) {
        UNROLL for (int v = 0; v < V; v++) {
          scale[v] = load_half(block + 2 * (run / CACHE_RUN * STOA_KEY_BLOCK + chunk + (size_t)v * 16));
        }
      }
      size_t end = run + CACHE_RUN < dim ? run + CACHE_RUN : dim;
      for (size_t d = run; d < end; d++) {
        v16f k[4];
        UNROLL for (int v = 0; v < V; v++) {
          k[v] = load_cached(type, keys, d * STOA_KEY_BLOCK + chunk + (size_t)v * 16);
          if (type == STOA_CACHE_Q8_0) k[v] *= scale[v];
        }
        UNROLL for (int r = 0; r < R; r++) {
          v16f q = splat(rows[r].q[d]);
          UNROLL for (int v = 0; v < V; v++) acc[r * V + v] = fma16(q, k[v], acc[r * V + v]);
        }
      }
    }
    UNROLL for (int r = 0; r < R; r++) {
      UNROLL for (int v = 0; v < V; v++) store_floats(scores[r] + chunk + (size_t)v * 16, acc[r * V + v]);
    }
  }
}

/// c * tanh(x / c).
INLINE v16f cap_softly16(v16f x, float cap) {
  v16f magnitude = (v16f)((v16i)(x / cap) & 0x7fffffff);
  v16f e = exp16(-2.0f * magnitude);
  v16f y = (1.0f - e) / (1.0f + e) * cap;
  return (v16f)(((v16i)y & 0x7fffffff) | ((v16i)x & (int32_t)0x80000000));
}

/// Bends the scores of a block and adds what the distance of its keys costs.
INLINE void adjust_scores(const stoa_attention *job, const query_row *row, size_t base, float *scores) {
  if (job->soft_cap != 0) {
    for (int v = 0; v < STOA_KEY_BLOCK; v += 16) store_floats(scores + v, cap_softly16(load_floats(scores + v), job->soft_cap));
  }
  if (job->slopes) {
    v16i index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (int v = 0; v < STOA_KEY_BLOCK; v += 16) {
      v16f distance = to_float(index + ((int32_t)base + v - (int32_t)row->position));
      store_floats(scores + v, fma16(splat(job->slopes[row->head]), distance, load_floats(scores + v)));
    }
  }
}

/// Turns one row's scores into weights; keys outside [low, high) get 0. Gives the block's maximum and sum.
INLINE void block_softmax(float *scores, size_t low, size_t high, float *max, float *sum) {
  v16f lanes = splat(0), highest = splat(-__builtin_inff());
  v16i index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, seen[STOA_KEY_BLOCK / 16];
  UNROLL for (int v = 0; v < STOA_KEY_BLOCK / 16; v++) {
    v16i key = index + v * 16;
    seen[v] = (key >= (int32_t)low) & (key < (int32_t)high);
    v16f score = load_floats(scores + v * 16);
    highest = select16(seen[v] & (score > highest), score, highest);
  }
  // A score that is no number is passed over here; the sum shows it.
  float largest = largest_lane(highest);
  UNROLL for (int v = 0; v < STOA_KEY_BLOCK / 16; v++) {
    v16f p = select16(seen[v], exp16(load_floats(scores + v * 16) - largest), splat(0));
    store_floats(scores + v * 16, p);
    lanes += p;
  }
  *max = largest;
  *sum = tree(lanes);
}

/// The visible keys of a block: those of each row, those of any row, and those of all rows that see some.
typedef struct visible_keys {
  size_t from[ATTENTION_ROWS], to[ATTENTION_ROWS];
  size_t low, high, common_low, common_high;
} visible_keys;

/// Adds V vectors of the block's weighted values, from dimension d on, to the running outputs of R rows.
INLINE void block_values(const query_row *rows, const uint8_t *block, size_t stride, const visible_keys *visible,
                         size_t d, const stoa_cache_type type, const int R, const int V, float weights[][STOA_KEY_BLOCK],
                         const float *keep, const float *scale, float running[][STOA_MAX_HEAD_DIM]) {
  const uint8_t *values = block + cache_scale_bytes(type, stride);
  v16f acc[16];
  UNROLL for (int i = 0; i < R * V; i++) acc[i] = splat(0);
  for (size_t k = visible->low; k < visible->high; k++) {
    v16f value[4];
    UNROLL for (int v = 0; v < V; v++) {
      value[v] = load_cached(type, values, k * stride + d + (size_t)v * 16);
      if (type == STOA_CACHE_Q8_0) {
        value[v] *= splat(half_to_float(load_u16(block + 2 * (k * cache_runs(stride) + d / CACHE_RUN))));
      }
    }
    int common = k >= visible->common_low && k < visible->common_high;
    UNROLL for (int r = 0; r < R; r++) {
      // A key that a row must not see may hold anything, infinities too: a weight of zero would not keep it out.
      if (!common && !(k >= visible->from[r] && k < visible->to[r])) continue;
      v16f p = splat(weights[r][k]);
      UNROLL for (int v = 0; v < V; v++) acc[r * V + v] = fma16(p, value[v], acc[r * V + v]);
    }
  }
  UNROLL for (int r = 0; r < R; r++) {
    if (visible->from[r] >= visible->to[r]) continue;
    UNROLL for (int v = 0; v < V; v++) {
      float *o = running[r] + d + (size_t)v * 16;
      store_floats(o, rows[r].started ? fma16(load_floats(o), splat(keep[r]), acc[r * V + v] * scale[r]) : acc[r * V + v]);
    }
  }
}

/// The same where values are the first dimensions of the keys: lane = key, and a tree for each dimension.
INLINE void block_values_in_keys(const stoa_attention *job, const query_row *rows, const uint8_t *block,
                                 const visible_keys *visible, const stoa_cache_type type, const int R,
                                 float weights[][STOA_KEY_BLOCK], const float *keep, const float *scale,
                                 float running[][STOA_MAX_HEAD_DIM]) {
  const uint8_t *elements = block + cache_scale_bytes(type, job->head_dim);
  v16i index = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  for (size_t d = 0; d < job->value_dim; d++) {
    v16f value[STOA_KEY_BLOCK / 16];
    UNROLL for (int v = 0; v < STOA_KEY_BLOCK / 16; v++) {
      value[v] = load_cached(type, elements, d * STOA_KEY_BLOCK + (size_t)v * 16);
      if (type == STOA_CACHE_Q8_0) {
        value[v] *= load_half(block + 2 * (d / CACHE_RUN * STOA_KEY_BLOCK + (size_t)v * 16));
      }
    }
    UNROLL for (int r = 0; r < R; r++) {
      if (visible->from[r] >= visible->to[r]) continue;
      v16f acc = splat(0);
      UNROLL for (int v = 0; v < STOA_KEY_BLOCK / 16; v++) {
        // Keys that the row must not see have a weight of zero, which would not keep out infinities.
        v16i key = index + v * 16;
        v16i seen = (key >= (int32_t)visible->from[r]) & (key < (int32_t)visible->to[r]);
        acc = fma16(load_floats(weights[r] + v * 16), select16(seen, value[v], splat(0)), acc);
      }
      float o = tree(acc);
      running[r][d] = rows[r].started ? __builtin_fmaf(running[r][d], keep[r], o * scale[r]) : o;
    }
  }
}

INLINE void attend_rows(const stoa_attention *job, query_row *rows, const stoa_cache_type type, const int R) {
  size_t dim = job->head_dim, first = rows[0].first, last = rows[R - 1].last;
  for (int r = 1; r < R; r++) first = rows[r].first < first ? rows[r].first : first;
  float scores[ATTENTION_ROWS][STOA_KEY_BLOCK], running[ATTENTION_ROWS][STOA_MAX_HEAD_DIM];
  for (size_t block = first / STOA_KEY_BLOCK; block <= last / STOA_KEY_BLOCK; block++) {
    size_t base = block * STOA_KEY_BLOCK;
    visible_keys visible = {.low = STOA_KEY_BLOCK, .common_high = STOA_KEY_BLOCK};
    float keep[ATTENTION_ROWS], scale[ATTENTION_ROWS];
    const uint8_t *keys = job->pages[block] + job->key_offset;
    block_scores(rows, keys, dim, type, R, SCORE_VECTORS(R), scores);
    for (int r = 0; r < R; r++) {
      size_t from = rows[r].first > base ? rows[r].first - base : 0;
      size_t to = rows[r].last < base ? 0 : rows[r].last - base + 1;
      if (to > STOA_KEY_BLOCK) to = STOA_KEY_BLOCK;
      visible.from[r] = from;
      visible.to[r] = to;
      if (from >= to) {
        visible.common_high = 0;
        continue;
      }
      if (from < visible.low) visible.low = from;
      if (to > visible.high) visible.high = to;
      if (from > visible.common_low) visible.common_low = from;
      if (to < visible.common_high) visible.common_high = to;
      float max, sum;
      adjust_scores(job, rows + r, base, scores[r]);
      block_softmax(scores[r], from, to, &max, &sum);
      if (rows[r].started) {
        float larger = max > rows[r].max ? max : rows[r].max;
        keep[r] = canonical_exp(rows[r].max - larger);
        scale[r] = canonical_exp(max - larger);
        rows[r].sum = __builtin_fmaf(rows[r].sum, keep[r], sum * scale[r]);
        rows[r].max = larger;
      } else {
        rows[r].sum = sum;
        rows[r].max = max;
      }
    }
    if (job->value_stride == 0) block_values_in_keys(job, rows, keys, &visible, type, R, scores, keep, scale, running);
    const uint8_t *values = job->pages[block] + job->value_offset;
    size_t d = 0;
    for (; d + 32 <= job->value_stride; d += 32) {
      block_values(rows, values, job->value_stride, &visible, d, type, R, 2, scores, keep, scale, running);
    }
    if (d < job->value_stride) {
      block_values(rows, values, job->value_stride, &visible, d, type, R, 1, scores, keep, scale, running);
    }
    for (int r = 0; r < R; r++) rows[r].started |= visible.from[r] < visible.to[r];
  }
  for (int r = 0; r < R; r++) {
    float factor = fold_sink(job, rows[r].head, rows[r].max, &rows[r].sum), inverse = 1.0f / rows[r].sum;
    for (size_t d = 0; d < job->value_dim; d++) rows[r].out[d] = running[r][d] * factor * inverse;
  }
}

#define ATTEND(R)                                                             \
  do {                                                                        \
    if (job->cache == STOA_CACHE_F16) attend_rows(job, rows, STOA_CACHE_F16, R); \
    else if (job->cache == STOA_CACHE_F32) attend_rows(job, rows, STOA_CACHE_F32, R); \
    else attend_rows(job, rows, STOA_CACHE_Q8_0, R);                          \
  } while (0)

static void attention(const stoa_attention *job, size_t row_begin, size_t row_end) {
  for (size_t row = row_begin, count; row < row_end; row += count) {
    size_t left = row_end - row;
    count = left >= ATTENTION_ROWS ? ATTENTION_ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    query_row rows[ATTENTION_ROWS];
    for (size_t i = 0; i < count; i++) {
      size_t token = (row + i) / job->group, head = job->first_head + (row + i) % job->group;
      size_t position = job->base_position + token;
      rows[i] = (query_row){.q = job->q + token * job->q_stride + head * job->head_dim,
                            .out = job->out + token * job->out_stride + head * job->value_dim,
                            .head = head, .position = position,
                            .first = first_visible(job, position), .last = last_visible(job, position)};
    }
    switch (count) {
      case 1: ATTEND(1); break;
      case 2: ATTEND(2); break;
      case 4: ATTEND(4); break;
      default: ATTEND(ATTENTION_ROWS); break;
    }
  }
}
