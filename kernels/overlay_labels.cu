#include "kernels/launch.cuh"
#include "kernels/overlay_labels.h"

namespace ffwd {
namespace {

constexpr int kThreads = 128;

// One thread a row: a label is a handful of pixels.
template <typename T>
__global__ void __launch_bounds__(kThreads) overlay_labels_kernel(OverlayLabels a) {
  const int64_t r = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (r < a.label_part.rows) overlay_label<T>(a, r);
}

}  // namespace

namespace cuda {

void overlay_labels(const OverlayLabels& a, Stream stream) {
  check(a);
  with_dtype(a.label_part.dtype, [&](auto zero) {
    launch(overlay_labels_kernel<decltype(zero)>, dim3(blocks_for(a.label_part.rows, kThreads)),
           dim3(kThreads), stream, a);
  });
}

}  // namespace cuda
}  // namespace ffwd
