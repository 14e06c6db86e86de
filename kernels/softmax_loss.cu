#include "kernels/launch.cuh"
#include "kernels/softmax_loss.h"

namespace ffwd {
namespace {

constexpr int kThreads = 128;

// One thread a row: there are few classes, and few rows next to the layers' work.
template <typename T>
__global__ void __launch_bounds__(kThreads) softmax_loss_kernel(SoftmaxLoss a) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i < a.logits.rows) softmax_loss_of_row<T>(a, i);
}

}  // namespace

namespace cuda {

void softmax_loss(const SoftmaxLoss& a, Stream stream) {
  check(a);
  with_dtype(a.dlogits.dtype, [&](auto zero) {
    launch(softmax_loss_kernel<decltype(zero)>, dim3(blocks_for(a.logits.rows, kThreads)),
           dim3(kThreads), stream, a);
  });
}

}  // namespace cuda
}  // namespace ffwd
