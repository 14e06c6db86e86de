#include "kernels/normalise_rows.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// One row by blockDim.x threads, which own the same 16-byte segments in both passes.
template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads)
    normalise_rows_kernel(NormaliseRows a, bool aligned) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const int64_t i = block_row(), width = a.x.cols;
  const bool inside = i < a.x.rows;

  const T* x = a.x.row<T>(i);
  float value[kVector<T>], sum = 0.0f;
  if (inside) {
    for_each_segment<T>(width, [&](int64_t j) {
      load_vector(x, j, width, aligned, value);
      for (int k = 0; k < kVector<T>; ++k) sum += value[k] * value[k];
    });
  }
  const float scale = norm_scale(a.norm, row_sum(sum, slots), width);
  if (!inside) return;

  T* x_hat = a.x_hat.row<T>(i);
  for_each_segment<T>(width, [&](int64_t j) {
    load_vector(x, j, width, aligned, value);
    for (int k = 0; k < kVector<T>; ++k) value[k] *= scale;
    store_vector(x_hat, j, width, aligned, value);
  });
}

}  // namespace

namespace cuda {

void normalise_rows(const NormaliseRows& a, Stream stream) {
  check(a);
  with_dtype(a.x.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned = rows_are_aligned<T>(a.x) && rows_are_aligned<T>(a.x_hat);
    const RowBlocks blocks = row_blocks(a.x.rows, a.x.cols, kVector<T>);
    launch(normalise_rows_kernel<T>, blocks.grid, blocks.block, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
