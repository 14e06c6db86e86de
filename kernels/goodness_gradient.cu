#include "kernels/goodness_gradient.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads)
    goodness_gradient_kernel(GoodnessGradient a, bool aligned) {
  const int64_t i = block_row(), width = a.z.cols;
  if (i >= a.z.rows) return;
  const float factor = a.slope.data[i / a.pixels] * goodness_scale(a.goodness_kind, width);
  const T* z = a.z.row<T>(i);
  T* dz = a.dz.row<T>(i);
  for_each_segment<T>(width, [&](int64_t j) {
    float value[kVector<T>], bias[kVector<T>];
    load_vector(z, j, width, aligned, value);
    load_floats<T>(a.bias.data, j, width, aligned, bias);
    for (int k = 0; k < kVector<T>; ++k) {
      const float y = activation_value(a.activation, value[k] + bias[k]);
      value[k] = factor * goodness_slope(a.goodness_kind, y) * activation_slope(a.activation, y);
    }
    store_vector(dz, j, width, aligned, value);
  });
}

}  // namespace

namespace cuda {

void goodness_gradient(const GoodnessGradient& a, Stream stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned =
        rows_are_aligned<T>(a.z) && rows_are_aligned<T>(a.dz) && is_aligned(a.bias);
    const RowBlocks blocks = row_blocks(a.z.rows, a.z.cols, kVector<T>);
    launch(goodness_gradient_kernel<T>, blocks.grid, blocks.block, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
