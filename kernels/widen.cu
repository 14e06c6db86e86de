#include "kernels/launch.cuh"
#include "kernels/widen.h"

namespace ffwd {
namespace {

constexpr int kThreads = 256;

// One element a thread: a weight's gradient, small beside the images it comes from.
__global__ void __launch_bounds__(kThreads) widen_kernel(Widen a) {
  const int64_t i = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (i >= a.wide.size) return;
  const float value = to_float(a.narrow.data[i]);
  a.wide.data[i] = a.add ? a.wide.data[i] + value : value;
}

}  // namespace

namespace cuda {

void widen(const Widen& a, Stream stream) {
  check(a);
  launch(widen_kernel, dim3(blocks_for(a.wide.size, kThreads)), dim3(kThreads), 0, stream, a);
}

}  // namespace cuda
}  // namespace ffwd
