#include "kernels/label_rows.h"
#include "kernels/reduce.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads) label_rows_kernel(LabelRows a, bool aligned) {
  const int64_t r = block_row(), width = a.z.cols;
  if (r >= a.z.rows) return;
  const int64_t k = r / a.base.rows, i = r - k * a.base.rows;
  const float strength = a.label_value * a.row_scale.data[i];
  const int64_t step = int64_t(blockDim.x) * kVector<T>;
  for (int64_t j = int64_t(threadIdx.x) * kVector<T>; j < width; j += step) {
    float value[kVector<T>];
    load_vector(a.base.row<T>(i), j, width, aligned, value);
    for (int v = 0; v < kVector<T>; ++v) {
      if (j + v >= width) break;
      const T* weight = a.weight.row<T>(j + v) + k * a.channels;
      float sum = 0.0f;
      for (int32_t c = 0; c < a.channels; ++c) sum += to_float(weight[c]);
      value[v] += strength * sum;
    }
    store_vector(a.z.row<T>(r), j, width, aligned, value);
  }
}

}  // namespace

namespace cuda {

void label_rows(const LabelRows& a, Stream stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned = rows_are_aligned<T>(a.base) && rows_are_aligned<T>(a.z);
    const RowBlocks blocks = row_blocks(a.z.rows, a.z.cols, kVector<T>);
    launch(label_rows_kernel<T>, blocks.grid, blocks.block, 0, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
