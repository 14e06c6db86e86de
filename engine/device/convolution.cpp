#include "engine/device/convolution.h"

#include "engine/device/buffer.h"

namespace ffwd {
namespace {

int64_t positions(int64_t side, const ConvolutionShape& s) {
  return (side + 2 * s.padding - s.kernel) / s.stride + 1;
}

void check_fits(const char* what, int64_t side, const ImageShape& image, int64_t padding) {
  const int64_t height = image.height + 2 * padding, width = image.width + 2 * padding;
  if (side <= height && side <= width) return;
  throw Error("a " + std::string(what) + " of " + std::to_string(side) +
              ", expected at most the image with its padding, " + std::to_string(height) + " x " +
              std::to_string(width) + " pixels");
}

void check_input(const ConvolutionShape& s, const ConstMatrixView& x, int64_t images) {
  FFWD_EXPECT(x.rows == images * s.input.pixels() && x.cols == s.input.channels,
              "x needs a row for every pixel and a column for every channel");
  FFWD_EXPECT(s.groups > 1 || x.stride == s.stored_channels(),
              "the rows of x must be padded like those of a Matrix");
}

void check_padding(const ConstMatrixView& z) {
  FFWD_EXPECT(z.stride == padded_columns(z.cols), "rows must be padded like those of a Matrix");
}

}  // namespace

ImageShape ConvolutionShape::output() const {
  return {positions(input.height, *this), positions(input.width, *this), units};
}

int64_t ConvolutionShape::stored_channels() const {
  return groups == 1 ? padded_columns(channels()) : channels();
}

ConvolutionKey convolution_key(const ConvolutionShape& s, int64_t images, const ConstMatrixView& x,
                               const ConstMatrixView& weight, const ConstMatrixView& z) {
  return {images,        s.input.channels, s.input.height,  s.input.width, s.units,
          s.kernel,      s.stride,         s.padding,       s.groups,      x.stride,
          weight.stride, z.stride,         int64_t(x.dtype)};
}

void check(const ConvolutionShape& s) {
  FFWD_EXPECT(s.input.pixels() > 0 && s.input.channels > 0, "an image has pixels and channels");
  FFWD_EXPECT(s.units > 0 && s.kernel > 0 && s.stride > 0 && s.padding >= 0 && s.groups > 0,
              "units, kernel, stride and groups are above 0");
  // What a user can get wrong: the message alone.
  if (s.padding >= s.kernel) {
    throw Error("a padding of " + std::to_string(s.padding) + " for a kernel of " +
                std::to_string(s.kernel) + ", expected less than the kernel");
  }
  if (s.input.channels % s.groups != 0 || s.units % s.groups != 0) {
    throw Error(std::to_string(s.groups) + " groups, expected a divisor of the " +
                std::to_string(s.input.channels) + " channels below and of the " +
                std::to_string(s.units) + " units");
  }
  check_fits("kernel", s.kernel, s.input, s.padding);
  // It would skip all pixels but the first; in bf16 oneDNN's gradient of such a one is wrong, too.
  if (s.stride > std::min(s.input.height, s.input.width)) {
    throw Error("a stride of " + std::to_string(s.stride) + " on images of " +
                std::to_string(s.input.height) + " x " + std::to_string(s.input.width) +
                " pixels, expected at most their shorter side");
  }
}

void check(const PoolShape& s) {
  FFWD_EXPECT(s.window > 0, "a window is above 0");
  check_fits("window", s.window, s.input, 0);
}

void check(const Convolution& a) {
  check(a.shape);
  const int64_t pixels = a.shape.output().pixels();
  FFWD_EXPECT(a.z.rows % pixels == 0 && a.z.cols == a.shape.units, "z holds whole images");
  check_input(a.shape, a.x, a.images());
  FFWD_EXPECT(
      a.weight.rows == a.shape.units && a.weight.cols == a.shape.taps() * a.shape.stored_channels(),
      "weight must be (units, taps x channels)");
  FFWD_EXPECT(a.x.dtype == a.z.dtype && a.weight.dtype == a.z.dtype, "one element type for all");
  check_padding(a.z);
}

void check(const ConvolutionGradient& a) {
  check(a.shape);
  const int64_t pixels = a.shape.output().pixels();
  FFWD_EXPECT(a.dz.rows % pixels == 0 && a.dz.cols == a.shape.units, "dz holds whole images");
  check_input(a.shape, a.x, a.images());
  FFWD_EXPECT(a.weight_gradient.rows == a.shape.units &&
                  a.weight_gradient.cols == a.shape.taps() * a.shape.stored_channels(),
              "the gradient must be (units, taps x channels)");
  FFWD_EXPECT(a.x.dtype == a.dz.dtype && a.weight_gradient.dtype == DType::f32,
              "operands share an element type and the gradient is fp32");
  check_padding(a.dz);
}

void check(const Pooling& a) {
  check(a.shape);
  const int64_t pixels = a.shape.output().pixels();
  FFWD_EXPECT(a.pooled.rows % pixels == 0 && a.pooled.cols == a.shape.input.channels,
              "the result holds whole images");
  FFWD_EXPECT(a.x.rows == a.images() * a.shape.input.pixels() && a.x.cols == a.pooled.cols,
              "x needs a row for every pixel");
  FFWD_EXPECT(a.x.dtype == a.pooled.dtype && a.x.stride == a.pooled.stride,
              "one element type and one padding of rows for both");
}

}  // namespace ffwd
