#include "kernels/launch.cuh"
#include "kernels/wrong_labels.h"

namespace ffwd {
namespace {

constexpr int kThreads = 128;

// One thread a sample.
__global__ void __launch_bounds__(kThreads) wrong_labels_kernel(WrongLabels a) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i < a.wrong.size) draw_wrong_label(a, i);
}

}  // namespace

namespace cuda {

void wrong_labels(const WrongLabels& a, Stream stream) {
  check(a);
  launch(wrong_labels_kernel, dim3(blocks_for(a.wrong.size, kThreads)), dim3(kThreads), stream, a);
}

}  // namespace cuda
}  // namespace ffwd
