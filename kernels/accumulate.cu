#include "kernels/accumulate.h"
#include "kernels/row_blocks.cuh"

namespace ffwd {
namespace {

// Element by element: a weight's gradient, small beside the images it comes from.
template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads) accumulate_kernel(Accumulate a) {
  const int64_t i = block_row();
  if (i >= a.sum.rows) return;
  const T* term = a.term.row<T>(i);
  float* sum = a.sum.row<float>(i);
  for (int64_t j = threadIdx.x; j < a.sum.cols; j += blockDim.x) {
    sum[j] = a.add ? sum[j] + to_float(term[j]) : to_float(term[j]);
  }
}

}  // namespace

namespace cuda {

void accumulate(const Accumulate& a, Stream stream) {
  check(a);
  const RowBlocks blocks = row_blocks(a.sum.rows, a.sum.cols, 1);
  with_dtype(a.term.dtype, [&](auto zero) {
    launch(accumulate_kernel<decltype(zero)>, blocks.grid, blocks.block, stream, a);
  });
}

}  // namespace cuda
}  // namespace ffwd
