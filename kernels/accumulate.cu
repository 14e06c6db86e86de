#include "kernels/accumulate.h"
#include "kernels/launch.cuh"

namespace ffwd {
namespace {

constexpr int kThreads = 256;

// One element a thread: a weight's gradient, small beside the images it comes from.
template <typename T>
__global__ void __launch_bounds__(kThreads) accumulate_kernel(Accumulate a) {
  const int64_t element = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (element >= a.sum.rows * a.sum.cols) return;
  const int64_t i = element / a.sum.cols, j = element % a.sum.cols;
  const float term = to_float(a.term.row<T>(i)[j]);
  float& sum = a.sum.row<float>(i)[j];
  sum = a.add ? sum + term : term;
}

}  // namespace

namespace cuda {

void accumulate(const Accumulate& a, Stream stream) {
  check(a);
  const int64_t elements = a.sum.rows * a.sum.cols;
  with_dtype(a.term.dtype, [&](auto zero) {
    launch(accumulate_kernel<decltype(zero)>, dim3(blocks_for(elements, kThreads)), dim3(kThreads),
           stream, a);
  });
}

}  // namespace cuda
}  // namespace ffwd
