// The searches for scales, sixteen sub-blocks at once. The order of every operation is ggml's.
#include "quantize.h"

/// Below this magnitude ggml takes a sub-block for zero (`GROUP_MAX_EPS`).
#define NOTHING 1e-15f

void stoa_fit_minimum(minimum_search search, const lanes *x, const lanes *weights, lanes *codes, lanes *scale,
                      lanes *minimum) {
  int n = search.columns;
  float levels = (float)search.levels;
  lanes low = x[0], high = x[0], sum_w = weights[0], sum_x = sum_w * x[0];
  for (int i = 1; i < n; i++) {
    low = choose(x[i] < low, x[i], low);
    high = choose(x[i] > high, x[i], high);
    sum_w += weights[i];
    sum_x += weights[i] * x[i];
  }
  low = choose(low > 0, all_lanes(0), low);
  lane_mask flat = high == low;

  lanes inverse = levels / (high - low), best_scale = 1.0f / inverse, best_error = {0};
  for (int i = 0; i < n; i++) {
    lanes l = clamp(nearest(inverse * (x[i] - low)), 0, levels), diff = best_scale * l + low - x[i];
    best_error += weights[i] * (search.absolute ? magnitude(diff) : diff * diff);
  }
  // The codes of the best trial follow from its inverse scale and from the minimum that was in force.
  lanes best_inverse = inverse, best_low = low;
  for (int step = 0; step <= search.steps; step++) {
    inverse = (search.first + search.step * (float)step + levels) / (high - low);
    lanes sum_l = {0}, sum_l2 = {0}, sum_xl = {0};
    for (int i = 0; i < n; i++) {
      lanes l = clamp(nearest(inverse * (x[i] - low)), 0, levels), wl = weights[i] * l;
      codes[i] = l;
      sum_l += wl;
      sum_l2 += wl * l;
      sum_xl += wl * x[i];
    }
    lanes determinant = sum_w * sum_l2 - sum_l * sum_l;
    lanes this_scale = (sum_w * sum_xl - sum_x * sum_l) / determinant;
    lanes this_low = (sum_l2 * sum_x - sum_l * sum_xl) / determinant;
    lane_mask positive = this_low > 0;
    this_low = choose(positive, all_lanes(0), this_low);
    this_scale = choose(positive, sum_xl / sum_l2, this_scale);
    lanes error = {0};
    for (int i = 0; i < n; i++) {
      lanes diff = this_scale * codes[i] + this_low - x[i];
      error += weights[i] * (search.absolute ? magnitude(diff) : diff * diff);
    }
    lane_mask better = (determinant > 0) & (error < best_error);
    best_error = choose(better, error, best_error);
    best_scale = choose(better, this_scale, best_scale);
    best_inverse = choose(better, inverse, best_inverse);
    best_low = choose(better, low, best_low);
    low = choose(better, this_low, low);
  }
  for (int i = 0; i < n; i++) {
    codes[i] = choose(flat, all_lanes(0), clamp(nearest(best_inverse * (x[i] - best_low)), 0, levels));
  }
  *scale = choose(flat, all_lanes(0), best_scale);
  *minimum = -low;
}

/// The value with the largest magnitude in each lane, the first of equals.
INLINE lanes extreme(int n, const lanes *x) {
  lanes largest = {0}, value = {0};
  for (int i = 0; i < n; i++) {
    lane_mask larger = magnitude(x[i]) > largest;
    largest = choose(larger, magnitude(x[i]), largest);
    value = choose(larger, x[i], value);
  }
  return value;
}

void stoa_fit_signed(int columns, int levels, const lanes *x, const lanes *weights, lanes *codes, lanes *scale) {
  float low = (float)-levels, high = (float)(levels - 1);
  lanes max = extreme(columns, x), best_inverse = {0}, best_scale = {0}, best = {0};
  lane_mask nothing = magnitude(max) < NOTHING;
  // Trial 0 is the plain scale; the others are a tenth of a level apart.
  for (int order = 0; order <= 18; order++) {
    int trial = order == 0 ? 0 : order <= 9 ? order - 10 : order - 9;
    lanes inverse = -((float)levels + 0.1f * (float)trial) / max, sum_lx = {0}, sum_l2 = {0};
    for (int i = 0; i < columns; i++) {
      lanes l = clamp(nearest(inverse * x[i]), low, high), w = weights ? weights[i] : x[i] * x[i];
      sum_lx += w * x[i] * l;
      sum_l2 += w * l * l;
    }
    lanes this_scale = sum_lx / sum_l2;
    lane_mask better = (sum_l2 > 0) & (sum_lx * sum_lx > best * sum_l2);
    if (order == 0) {
      this_scale = choose(sum_l2 != 0, this_scale, all_lanes(0));
      better = (lane_mask){0} - 1;
    }
    best_inverse = choose(better, inverse, best_inverse);
    best_scale = choose(better, this_scale, best_scale);
    best = choose(better, this_scale * sum_lx, best);
  }
  for (int i = 0; i < columns; i++) {
    lanes l = clamp(nearest(best_inverse * x[i]), low, high) + (float)levels;
    codes[i] = choose(nothing, all_lanes(0), l);
  }
  *scale = choose(nothing, all_lanes(0), best_scale);
}

void stoa_fit_descent(int columns, int levels, const lanes *x, lanes *codes, lanes *scale) {
  float low = (float)-levels, high = (float)(levels - 1);
  lanes max = extreme(columns, x), inverse = low / max, sum_lx = {0}, sum_l2 = {0};
  lane_mask nothing = magnitude(max) < NOTHING;
  for (int i = 0; i < columns; i++) {
    lanes l = clamp(nearest(inverse * x[i]), low, high), w = x[i] * x[i];
    codes[i] = l;
    sum_lx += w * x[i] * l;
    sum_l2 += w * l * l;
  }
  for (int pass = 0; pass < 5; pass++) {
    for (int i = 0; i < columns; i++) {
      lanes l = codes[i], w = x[i] * x[i], rest_lx = sum_lx - w * x[i] * l, rest_l2 = sum_l2 - w * l * l;
      lanes changed = clamp(nearest(x[i] * rest_l2 / rest_lx), low, high);
      lanes lx = rest_lx + w * x[i] * changed, l2 = rest_l2 + w * changed * changed;
      lane_mask better = (rest_lx > 0) & (changed != l) & (l2 > 0) & (lx * lx * sum_l2 > sum_lx * sum_lx * l2);
      codes[i] = choose(better, changed, l);
      sum_lx = choose(better, lx, sum_lx);
      sum_l2 = choose(better, l2, sum_l2);
    }
  }
  for (int i = 0; i < columns; i++) codes[i] = choose(nothing, all_lanes(0), codes[i] + (float)levels);
  *scale = choose(~nothing & (sum_l2 > 0), sum_lx / sum_l2, all_lanes(0));
}

float stoa_fit_unsigned(int count, int levels, const float *x, const float *weights, uint8_t *codes) {
  float max = 0;
  for (int i = 0; i < count; i++) max = max > x[i] ? max : x[i];
  memset(codes, 0, (size_t)count);
  if (max < NOTHING) return 0;

  float inverse = (float)levels / max, scale = 1 / inverse, best_error = 0;
  for (int i = 0; i < count; i++) {
    float diff = x[i] - scale * (float)(uint8_t)nearest_integer(inverse * x[i]);
    best_error += weights[i] * diff * diff;
  }
  for (int trial = -4; trial <= 4; trial++) {
    if (trial == 0) continue;
    float this_inverse = (0.1f * (float)trial + (float)levels) / max, this_scale = 1 / this_inverse, error = 0;
    for (int i = 0; i < count; i++) {
      int l = nearest_integer(this_inverse * x[i]);
      float diff = x[i] - this_scale * (float)(l < levels ? l : levels);
      error += weights[i] * diff * diff;
    }
    if (error < best_error) {
      best_error = error;
      inverse = this_inverse;
    }
  }
  float sum_lx = 0, sum_l2 = 0;
  for (int i = 0; i < count; i++) {
    int l = nearest_integer(inverse * x[i]);
    if (l > levels) l = levels;
    codes[i] = (uint8_t)l;
    sum_lx += weights[i] * x[i] * (float)l;
    sum_l2 += weights[i] * (float)l * (float)l;
  }
  for (int pass = 0, changes = 1; pass < 5 && changes > 0; pass++) {
    changes = 0;
    for (int i = 0; i < count; i++) {
      float w = weights[i], l = (float)codes[i], lx = sum_lx - w * x[i] * l, l2 = sum_l2 - w * l * l;
      if (!(lx > 0 && l2 > 0)) continue;
      int changed = nearest_integer(x[i] * l2 / lx);
      if (changed > levels) changed = levels;
      if (changed == codes[i]) continue;
      lx += w * x[i] * (float)changed;
      l2 += w * (float)changed * (float)changed;
      if (lx * lx * sum_l2 > sum_lx * sum_lx * l2) {
        codes[i] = (uint8_t)changed;
        sum_lx = lx;
        sum_l2 = l2;
        changes++;
      }
    }
  }
  return sum_l2 > 0 ? sum_lx / sum_l2 : 0;
}
