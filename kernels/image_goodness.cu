#include "kernels/image_goodness.h"
#include "kernels/row_blocks.cuh"

namespace ffwd {
namespace {

constexpr int kPixelsAThread = 4;  // 256 threads for images of more than 512 pixels

// One image by blockDim.x threads: thread t takes pixels t, t + blockDim.x, ..., then the threads
// are added up in a fixed order.
__global__ void __launch_bounds__(kRowBlockThreads) image_goodness_kernel(ImageGoodness a) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const int64_t r = block_row();
  const bool inside = r < a.goodness.size;  // threads beyond the last row still take part in sums
  float sum = 0.0f;
  if (inside) {
    const float* g = a.pixel_goodness.data + r * a.pixels;
    for (int64_t p = threadIdx.x; p < a.pixels; p += blockDim.x) sum += g[p];
  }
  sum = row_sum(sum, slots);
  if (inside && threadIdx.x == 0) finish_image(a, r, sum);
}

}  // namespace

namespace cuda {

void image_goodness(const ImageGoodness& a, Stream stream) {
  check(a);
  const RowBlocks blocks = row_blocks(a.goodness.size, a.pixels, kPixelsAThread);
  launch(image_goodness_kernel, blocks.grid, blocks.block, stream, a);
}

}  // namespace cuda
}  // namespace ffwd
