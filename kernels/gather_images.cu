#include "kernels/gather_images.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// One row by blockDim.x threads, in one pass over its bytes. __grid_constant__: else the arrays of
// `standardise` would be copied to local memory. Pixels count in 32 bits, since a 64-bit division
// is a call.
template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads)
    gather_images_kernel(const __grid_constant__ GatherImages a, bool aligned) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const int64_t i = block_row(), width = a.base.cols;
  const bool inside = i < a.base.rows;
  const uint32_t channels = uint32_t(a.standardise.channels);

  float sum = 0.0f;
  if (inside) {
    const uint8_t* pixels = a.pixels + int64_t(a.sample.data[i]) * width;
    T* base = a.base.row<T>(i);
    for_each_segment<T>(width, [&](int64_t j) {
      float x[kVector<T>];
      for (int k = 0; k < kVector<T>; ++k) {
        const uint32_t p = uint32_t(j + k) / channels, c = uint32_t(j + k) - p * channels;
        const bool shown = j + k < width && p >= uint32_t(a.blank_pixels);
        x[k] =
            shown ? float(pixels[j + k]) * a.standardise.scale[c] + a.standardise.shift[c] : 0.0f;
        sum += x[k] * x[k];
      }
      store_vector(base, j, width, aligned, x);
    });
  }
  sum = row_sum(sum, slots);
  if (inside && threadIdx.x == 0) a.squares.data[i] = sum;
}

}  // namespace

namespace cuda {

void gather_images(const GatherImages& a, Stream stream) {
  check(a);
  FFWD_EXPECT(a.base.cols <= 0x7fffffff, "an image is too large");
  with_dtype(a.base.dtype, [&](auto zero) {
    using T = decltype(zero);
    const RowBlocks blocks = row_blocks(a.base.rows, a.base.cols, kVector<T>);
    launch(gather_images_kernel<T>, blocks.grid, blocks.block, stream, a,
           rows_are_aligned<T>(a.base));
  });
}

}  // namespace cuda
}  // namespace ffwd
