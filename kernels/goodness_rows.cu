#include "kernels/goodness_rows.h"
#include "kernels/reduce.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// One row by blockDim.x threads. Thread t owns the 16-byte segments t, t + blockDim.x, ... of the
// row in both passes, so that dz may overwrite z; the second pass finds the row in the L1 cache.
template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads)
    goodness_rows_kernel(GoodnessRows a, bool aligned) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const int64_t i = block_row(), width = a.z.cols;
  const bool inside = i < a.z.rows;  // threads beyond the last row still take part in the sums
  const int64_t learning = a.positive_rows + a.negative_rows;
  const int64_t first = int64_t(threadIdx.x) * kVector<T>, step = int64_t(blockDim.x) * kVector<T>;

  const T* z = a.z.row<T>(i);
  const auto activities = [&](int64_t j, float(&y)[kVector<T>]) {
    load_vector(z, j, width, aligned, y);
    for (int k = 0; k < kVector<T>; ++k) {
      y[k] = j + k < width ? activation_value(a.activation, y[k] + a.bias.data[j + k]) : 0.0f;
    }
  };

  float terms = 0.0f, squares = 0.0f;
  if (inside) {
    for (int64_t j = first; j < width; j += step) {
      float y[kVector<T>];
      activities(j, y);
      for (int k = 0; k < kVector<T>; ++k) {
        terms += goodness_term(a.goodness_kind, y[k]);
        squares += y[k] * y[k];
      }
    }
  }
  terms = row_sum(terms, slots);
  squares = is_square(a.goodness_kind) ? terms : row_sum(squares, slots);
  if (!inside) return;

  const float scale = goodness_scale(a.goodness_kind, width);
  const float goodness = scale * terms;
  const float next_scale = norm_scale(a.norm, squares, width);
  const bool learns = a.dz.data != nullptr && i < learning;
  float factor = 0.0f;
  if (learns) {
    const bool positive = i < a.positive_rows;
    const LossAndSlope loss =
        softplus_loss(goodness, positive ? 1.0f : -1.0f, a.threshold, a.temperature);
    factor = loss.slope * scale / float(learning);
    if (threadIdx.x == 0) {
      add_figures(a.running.data[i], loss.loss, goodness, positive, a.positive_rows,
                  a.negative_rows);
    }
  }
  if (threadIdx.x == 0) {
    a.goodness.data[i] = goodness;
    if (a.length.data) a.length.data[i] = 1.0f / next_scale;
  }

  T* next = a.next.row<T>(i);
  T* dz = learns ? a.dz.row<T>(i) : nullptr;
  for (int64_t j = first; j < width; j += step) {
    float y[kVector<T>], out[kVector<T>];
    activities(j, y);
    for (int k = 0; k < kVector<T>; ++k) out[k] = next_scale * y[k];
    store_vector(next, j, width, aligned, out);
    if (!learns) continue;
    for (int k = 0; k < kVector<T>; ++k) {
      out[k] =
          factor * goodness_slope(a.goodness_kind, y[k]) * activation_slope(a.activation, y[k]);
    }
    store_vector(dz, j, width, aligned, out);
  }
}

}  // namespace

namespace cuda {

void goodness_rows(const GoodnessRows& a, Stream stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned = rows_are_aligned<T>(a.z) && rows_are_aligned<T>(a.next) &&
                         (a.dz.data == nullptr || rows_are_aligned<T>(a.dz));
    const RowBlocks blocks = row_blocks(a.z.rows, a.z.cols, kVector<T>);
    launch(goodness_rows_kernel<T>, blocks.grid, blocks.block, 0, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
