#include "kernels/activation_gradient.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads)
    activation_gradient_kernel(ActivationGradient a, bool aligned) {
  const int64_t i = block_row(), width = a.dz.cols;
  if (i >= a.dz.rows) return;
  for_each_segment<T>(width, [&](int64_t j) {
    float y[kVector<T>], gradient[kVector<T>];
    load_vector(a.y.row<T>(i), j, width, aligned, y);
    load_vector(a.dy.row<T>(i), j, width, aligned, gradient);
    for (int k = 0; k < kVector<T>; ++k) gradient[k] *= activation_slope(a.activation, y[k]);
    store_vector(a.dz.row<T>(i), j, width, aligned, gradient);
  });
}

}  // namespace

namespace cuda {

void activation_gradient(const ActivationGradient& a, Stream stream) {
  check(a);
  with_dtype(a.dz.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned =
        rows_are_aligned<T>(a.y) && rows_are_aligned<T>(a.dy) && rows_are_aligned<T>(a.dz);
    const RowBlocks blocks = row_blocks(a.dz.rows, a.dz.cols, kVector<T>);
    launch(activation_gradient_kernel<T>, blocks.grid, blocks.block, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
