#include "kernels/gather_images.h"
#include "kernels/reduce.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// One row by blockDim.x threads. The bytes are read twice, the second time from the L1 cache, because a row's length
// has to be known before its first element is written.
template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads)
    gather_images_kernel(GatherImages a, bool aligned) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const int64_t r = block_row(), width = a.x_hat.cols;
  const bool inside = r < a.x_hat.rows;
  const int channels = a.standardise.channels;
  const int64_t first = int64_t(threadIdx.x) * kVector<T>, step = int64_t(blockDim.x) * kVector<T>;
  const int32_t label = inside ? a.label.data[r] : kBlankLabel;
  const uint8_t* pixels = a.pixels + (inside ? int64_t(a.sample.data[r]) * width : 0);

  const auto element = [&](int64_t j) {
    if (j >= width) return 0.0f;
    const int64_t p = j / channels;
    if (p < a.classes) return overlay_value(label, int32_t(p), a.classes, a.label_value);
    const int c = int(j - p * channels);
    return float(pixels[j]) * a.standardise.scale[c] + a.standardise.shift[c];
  };

  float sum = 0.0f;
  if (inside) {
    for (int64_t j = first; j < width; j += step) {
      for (int k = 0; k < kVector<T>; ++k) {
        const float x = element(j + k);
        sum += x * x;
      }
    }
  }
  sum = row_sum(sum, slots);
  if (!inside) return;
  if (label == kBlankLabel) sum += float(channels) * a.label_value * a.label_value;

  const float scale = norm_scale(a.norm, sum, width);
  if (a.row_scale.data && threadIdx.x == 0) a.row_scale.data[r] = scale;
  T* x_hat = a.x_hat.row<T>(r);
  for (int64_t j = first; j < width; j += step) {
    float x[kVector<T>];
    for (int k = 0; k < kVector<T>; ++k) x[k] = scale * element(j + k);
    store_vector(x_hat, j, width, aligned, x);
  }
}

}  // namespace

namespace cuda {

void gather_images(const GatherImages& a, Stream stream) {
  check(a);
  with_dtype(a.x_hat.dtype, [&](auto zero) {
    using T = decltype(zero);
    const RowBlocks blocks = row_blocks(a.x_hat.rows, a.x_hat.cols, kVector<T>);
    launch(gather_images_kernel<T>, blocks.grid, blocks.block, 0, stream, a,
           rows_are_aligned<T>(a.x_hat));
  });
}

}  // namespace cuda
}  // namespace ffwd
