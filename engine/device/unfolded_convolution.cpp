#include "engine/device/unfolded_convolution.h"

#include <algorithm>

namespace ffwd {
namespace {

constexpr int64_t kBlockBytes = int64_t(64) << 20;

bool can_unfold(const ConvolutionShape& s, int64_t most_pixels) {
  return s.groups == 1 && s.output().pixels() <= most_pixels;
}

int64_t row_elements(const ConvolutionShape& s) {
  return s.taps() * s.stored_channels();
}

// Images of a block.
int64_t block_of(const ConvolutionShape& s, DType dtype, int64_t images) {
  const int64_t bytes = s.output().pixels() * row_elements(s) * size_of(dtype);
  return std::min(images, std::max<int64_t>(1, kBlockBytes / bytes));
}

// What the output pixel (p, q) sees of an image whose pixels take `pixel` bytes. The pixels under a
// row of taps lie side by side; zeros of every type are bytes of zero.
void unfold_pixel(const ConvolutionShape& s, int64_t pixel, const char* image, int64_t p, int64_t q,
                  char* row) {
  const int64_t left = q * s.stride - s.padding;
  const int64_t first = std::clamp<int64_t>(-left, 0, s.kernel);
  const int64_t last = std::clamp<int64_t>(s.input.width - left, first, s.kernel);
  for (int64_t i = 0; i < s.kernel; ++i, row += s.kernel * pixel) {
    const int64_t h = p * s.stride + i - s.padding;
    if (h < 0 || h >= s.input.height) {
      std::fill_n(row, s.kernel * pixel, 0);
      continue;
    }
    std::fill(row, row + first * pixel, 0);
    std::copy_n(image + (h * s.input.width + left + first) * pixel, (last - first) * pixel,
                row + first * pixel);
    std::fill(row + last * pixel, row + s.kernel * pixel, 0);
  }
}

}  // namespace

bool unfolding_pays(const Convolution& a) {
  check(a);
  return can_unfold(a.shape, onednn_has_bf16() ? 4 : 16);
}

bool unfolding_pays(const ConvolutionGradient& a) {
  check(a);
  return can_unfold(a.shape, 16);
}

ConstMatrixView UnfoldedConvolution::unfold(const ConvolutionShape& s, const ConstMatrixView& x,
                                            int64_t first, int64_t count) {
  FFWD_EXPECT(s.groups == 1, "without groups");
  const ImageShape out = s.output();
  const int64_t cols = row_elements(s), rows = count * out.pixels();
  const int64_t pixel = s.stored_channels() * size_of(x.dtype), row = cols * size_of(x.dtype);
  const auto bytes = size_t(rows * row);
  if (rows_.size() < bytes) rows_ = std::vector<char>(bytes);
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < rows; ++r) {
    const int64_t image = first + r / out.pixels(), place = r % out.pixels();
    unfold_pixel(s, pixel, static_cast<const char*>(x.data) + image * s.input.pixels() * pixel,
                 place / out.width, place % out.width, rows_.data() + r * row);
  }
  return {rows_.data(), x.dtype, rows, cols, cols};
}

void UnfoldedConvolution::run(const Convolution& a) {
  check(a);
  const int64_t images = a.images(), pixels = a.shape.output().pixels();
  const int64_t block = block_of(a.shape, a.x.dtype, images);
  for_each_part(images, block, [&](int64_t first, int64_t count) {
    matmul_->run(forward_product(unfold(a.shape, a.x, first, count), a.weight,
                                 a.z.row_range(first * pixels, count * pixels)));
  });
}

void UnfoldedConvolution::run(const ConvolutionGradient& a) {
  check(a);
  const int64_t images = a.images(), pixels = a.shape.output().pixels();
  FFWD_EXPECT(images > 0, "a gradient needs images");
  const int64_t block = block_of(a.shape, a.x.dtype, images);
  for_each_part(images, block, [&](int64_t first, int64_t count) {
    matmul_->run(weight_gradient_product(a.dz.row_range(first * pixels, count * pixels),
                                         unfold(a.shape, a.x, first, count), a.weight_gradient,
                                         /*beta=*/first > 0 ? 1.0f : 0.0f));
  });
}

}  // namespace ffwd
