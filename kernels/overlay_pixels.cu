#include "kernels/launch.cuh"
#include "kernels/overlay_pixels.h"

namespace ffwd {
namespace {

constexpr int kThreads = 256;

// One block a row; thread t owns pixels t, t + blockDim.x, ...
template <typename T>
__global__ void __launch_bounds__(kThreads) overlay_pixels_kernel(OverlayPixels a) {
  const int64_t pixels = a.pixels();
  for (int64_t p = threadIdx.x; p < pixels; p += blockDim.x) overlay_pixel<T>(a, blockIdx.x, p);
}

}  // namespace

namespace cuda {

void overlay_pixels(const OverlayPixels& a, Stream stream) {
  check(a);
  with_dtype(a.base.dtype, [&](auto zero) {
    launch(overlay_pixels_kernel<decltype(zero)>, dim3(blocks_for(a.label.size, 1)), dim3(kThreads),
           stream, a);
  });
}

}  // namespace cuda
}  // namespace ffwd
