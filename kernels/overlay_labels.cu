#include "kernels/launch.cuh"
#include "kernels/overlay_labels.h"

namespace ffwd {
namespace {

constexpr int kThreads = 128;

// One thread a row: a label is a handful of pixels.
template <typename T>
__global__ void __launch_bounds__(kThreads) overlay_labels_kernel(OverlayLabels a) {
  const int64_t r = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (r >= a.label_part.rows) return;
  const float scale = overlay_row_scale(a, r);
  a.row_scale.data[r] = scale;
  T* label_part = a.label_part.row<T>(r);
  for (int64_t j = 0; j < a.label_part.cols; ++j) {
    const auto p = int32_t(j / a.channels);
    store(label_part[j], scale * overlay_value(a.label.data[r], p, a.classes, a.label_value));
  }
}

}  // namespace

namespace cuda {

void overlay_labels(const OverlayLabels& a, Stream stream) {
  check(a);
  with_dtype(a.label_part.dtype, [&](auto zero) {
    launch(overlay_labels_kernel<decltype(zero)>, dim3(blocks_for(a.label_part.rows, kThreads)),
           dim3(kThreads), 0, stream, a);
  });
}

}  // namespace cuda
}  // namespace ffwd
