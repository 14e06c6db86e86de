#include "engine/unfolded_convolution.h"

#include <algorithm>

namespace ffwd {
namespace {

constexpr int64_t kBlockBytes = int64_t(64) << 20;
constexpr int64_t kMostPixels = 16;

int64_t row_elements(const ConvolutionShape& s) {
  return s.taps() * s.stored_channels();
}

// Images of a block.
int64_t block_of(const ConvolutionShape& s, int64_t images) {
  const int64_t bytes = s.output().pixels() * row_elements(s) * int64_t(sizeof(float));
  return std::min(images, std::max<int64_t>(1, kBlockBytes / bytes));
}

// What the output pixel (p, q) sees of an image. The pixels under a row of taps lie side by side.
void unfold_pixel(const ConvolutionShape& s, const float* image, int64_t p, int64_t q, float* row) {
  const int64_t channels = s.stored_channels(), left = q * s.stride - s.padding;
  const int64_t first = std::clamp<int64_t>(-left, 0, s.kernel);
  const int64_t last = std::clamp<int64_t>(s.input.width - left, first, s.kernel);
  for (int64_t i = 0; i < s.kernel; ++i, row += s.kernel * channels) {
    const int64_t h = p * s.stride + i - s.padding;
    if (h < 0 || h >= s.input.height) {
      std::fill_n(row, s.kernel * channels, 0.0f);
      continue;
    }
    std::fill(row, row + first * channels, 0.0f);
    std::copy_n(image + (h * s.input.width + left + first) * channels, (last - first) * channels,
                row + first * channels);
    std::fill(row + last * channels, row + s.kernel * channels, 0.0f);
  }
}

}  // namespace

bool unfolding_pays(const ConvolutionShape& s) {
  check(s);
  return !onednn_has_bf16() && s.groups == 1 && s.output().pixels() <= kMostPixels;
}

ConstMatrixView UnfoldedConvolution::unfold(const ConvolutionShape& s, const ConstMatrixView& x,
                                            int64_t first, int64_t count) {
  FFWD_EXPECT(s.groups == 1 && x.dtype == DType::f32, "without groups, in fp32");
  const ImageShape out = s.output();
  const int64_t cols = row_elements(s), rows = count * out.pixels();
  const auto elements = size_t(rows * cols);
  if (rows_.size() < elements) rows_ = std::vector<float>(elements);
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t image = first + r / out.pixels(), pixel = r % out.pixels();
    unfold_pixel(s, x.row<float>(image * s.input.pixels()), pixel / out.width, pixel % out.width,
                 rows_.data() + r * cols);
  }
  return {rows_.data(), DType::f32, rows, cols, cols};
}

void UnfoldedConvolution::run(const Convolution& a) {
  check(a);
  const int64_t images = a.images(), pixels = a.shape.output().pixels();
  const int64_t block = block_of(a.shape, images);
  for_each_part(images, block, [&](int64_t first, int64_t count) {
    matmul_->run({unfold(a.shape, a.x, first, count), false, a.weight, true,
                  a.z.row_range(first * pixels, count * pixels)});
  });
}

void UnfoldedConvolution::run(const ConvolutionGradient& a) {
  check(a);
  const int64_t images = a.images(), pixels = a.shape.output().pixels();
  FFWD_EXPECT(images > 0, "a gradient needs images");
  const int64_t block = block_of(a.shape, images);
  for_each_part(images, block, [&](int64_t first, int64_t count) {
    matmul_->run({a.dz.row_range(first * pixels, count * pixels), true,
                  unfold(a.shape, a.x, first, count), false, a.weight_gradient, 1.0f,
                  first > 0 ? 1.0f : 0.0f});
  });
}

}  // namespace ffwd
