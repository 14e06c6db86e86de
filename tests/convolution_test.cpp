// Convolutions, their weight gradients and pooling on every device, against plain loops in double:
// exactly for small integers, and within the bound of an fp32 sum for random numbers. Results in
// bf16 are rounded.
#include <algorithm>
#include <cmath>

#include "engine/device/buffer.h"
#include "engine/device/onednn_convolution.h"
#include "engine/device/unfolded_convolution.h"
#include "tests/devices.h"
#include "tests/random_values.h"

namespace ffwd::test {
namespace {

// Units in multiples of 8 and not, one tap and many, strides, padding, groups, and an image that
// the kernel covers whole.
const ConvolutionShape kConvolutions[] = {
    {{6, 5, 3}, 8, 3, 1, 1, 1},    {{8, 8, 8}, 16, 5, 2, 2, 1}, {{7, 9, 16}, 8, 3, 2, 0, 1},
    {{4, 4, 10}, 24, 2, 1, 0, 1},  {{5, 5, 8}, 10, 1, 2, 0, 1}, {{6, 6, 16}, 16, 3, 1, 1, 2},
    {{3, 3, 8}, 8, 3, 1, 0, 1},    {{6, 5, 3}, 10, 3, 1, 1, 1}, {{5, 6, 8}, 8, 3, 1, 1, 8},
    {{11, 10, 8}, 16, 5, 2, 2, 1},
};
constexpr int64_t kImages = 3;

using Draw = float (*)(uint32_t bits);

float small_integer(uint32_t bits) {
  return float(int32_t(bits % 7) - 3);
}

// A sum in double, and that of the absolute values of its terms.
struct Sum {
  double value = 0, magnitude = 0;
  int64_t terms = 0;

  void add(double term) {
    value += term;
    magnitude += std::fabs(term);
    ++terms;
  }
};

// Calls visit(output index, weight index, input index) for every product of a convolution: z and x
// are (images, pixels, channels), weights (units, taps, stored channels).
template <typename Visit>
void for_each_product(const ConvolutionShape& s, const Visit& visit) {
  const ImageShape out = s.output(), in = s.input;
  const int64_t units = s.units / s.groups;
  for (int64_t n = 0; n < kImages; ++n) {
    for (int64_t p = 0; p < out.height; ++p) {
      for (int64_t q = 0; q < out.width; ++q) {
        for (int64_t m = 0; m < s.units; ++m) {
          for (int64_t i = 0; i < s.kernel; ++i) {
            for (int64_t j = 0; j < s.kernel; ++j) {
              const int64_t h = p * s.stride + i - s.padding, w = q * s.stride + j - s.padding;
              if (h < 0 || h >= in.height || w < 0 || w >= in.width) continue;
              for (int64_t c = 0; c < s.channels(); ++c) {
                visit(((n * out.height + p) * out.width + q) * s.units + m,
                      ((m * s.kernel + i) * s.kernel + j) * s.stored_channels() + c,
                      ((n * in.height + h) * in.width + w) * in.channels +
                          m / units * s.channels() + c);
              }
            }
          }
        }
      }
    }
  }
}

// Every order of an fp32 sum of n products obeys units = 1; integers are exact: units = 0. `rounded`
// is what rounding the result may cost, of its size, and `operands` what rounding those may, of the
// size of the terms.
void expect_sums(const std::vector<float>& got, const std::vector<Sum>& want, double units,
                 double rounded, double operands) {
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) {
    const double allowed =
        units * (double(want[i].terms + 2) * 0x1p-24 + operands) * want[i].magnitude +
        rounded * std::fabs(want[i].value);
    ASSERT_LE(std::fabs(double(got[i]) - want[i].value), allowed) << "element " << i;
  }
}

class Convolutions : public OnDevice {
 protected:
  std::vector<float> numbers(int64_t count, uint32_t use, Draw draw) const {
    std::vector<float> v = random_values(count, use, draw);
    for (float& value : v) value = stored(value);
    return v;
  }

  // Weights whose padding is zero.
  std::vector<float> weights(const ConvolutionShape& s, Draw draw) const {
    std::vector<float> weight = numbers(s.units * s.taps() * s.stored_channels(), 2, draw);
    for (size_t i = 0; i < weight.size(); ++i) {
      if (int64_t(i) % s.stored_channels() >= s.channels()) weight[i] = 0.0f;
    }
    return weight;
  }

  void expect_convolution(const ConvolutionShape& s, Draw draw, double units) {
    const int64_t pixels = kImages * s.input.pixels(), outputs = kImages * s.output().pixels();
    const auto x = numbers(pixels * s.input.channels, 1, draw), w = weights(s, draw);
    Matrix dx(device(), pixels, s.input.channels, dtype()), dz(device(), outputs, s.units, dtype()),
        dw(device(), s.units, s.taps() * s.stored_channels(), dtype());
    dx.upload(x);
    dw.upload(w);
    device().convolve({s, dx.view(), dw.view(), dz.view()});

    std::vector<Sum> want(size_t(outputs * s.units));
    for_each_product(s, [&](int64_t z, int64_t weight, int64_t input) {
      want[size_t(z)].add(double(w[size_t(weight)]) * double(x[size_t(input)]));
    });
    expect_sums(dz.download(), want, units, dtype() == DType::f32 ? 0.0 : rounding(),
                operand_rounding());
  }

  void expect_gradient(const ConvolutionShape& s, Draw draw, double units) {
    const int64_t pixels = kImages * s.input.pixels(), outputs = kImages * s.output().pixels();
    const auto x = numbers(pixels * s.input.channels, 1, draw);
    const auto dz = numbers(outputs * s.units, 3, draw);
    Matrix x_matrix(device(), pixels, s.input.channels, dtype()),
        dz_matrix(device(), outputs, s.units, dtype()),
        gradient(device(), s.units, s.taps() * s.stored_channels());
    x_matrix.upload(x);
    dz_matrix.upload(dz);
    device().convolution_gradient({s, x_matrix.view(), dz_matrix.view(), gradient.view()});

    std::vector<Sum> want(size_t(gradient.rows() * gradient.cols()));
    for_each_product(s, [&](int64_t z, int64_t weight, int64_t input) {
      want[size_t(weight)].add(double(dz[size_t(z)]) * double(x[size_t(input)]));
    });
    // Of bf16 operands, cuDNN rounds the gradient to bf16 before we have it.
    const bool rounds = device().queues() && dtype() != DType::f32;
    expect_sums(gradient.download(), want, units, rounds ? rounding() : 0.0, operand_rounding());
  }
};

TEST_P(Convolutions, AreExactForSmallIntegers) {
  for (const auto& shape : kConvolutions) {
    SCOPED_TRACE("shape " + std::to_string(&shape - kConvolutions));
    expect_convolution(shape, small_integer, 0.0);
    expect_gradient(shape, small_integer, 0.0);
  }
}

TEST_P(Convolutions, AreWithinTheBoundOfASum) {
  for (const auto& shape : kConvolutions) {
    SCOPED_TRACE("shape " + std::to_string(&shape - kConvolutions));
    expect_convolution(shape, any_number, 1.0);
    expect_gradient(shape, any_number, 1.0);
  }
}

// Once more with the same shape: what was made for it is used again. Few outputs, and so many that
// whoever adds up a gradient wants to share them out.
TEST_P(Convolutions, RepeatBitForBit) {
  const ConvolutionShape large{{32, 32, 64}, 128, 3, 1, 1, 1};
  for (const auto& [s, images] : {std::pair{kConvolutions[1], kImages}, {large, 64}}) {
    const int64_t pixels = images * s.input.pixels(), outputs = images * s.output().pixels();
    const int64_t channels = s.input.channels, taps = s.kernel * s.kernel * channels;
    Matrix x(device(), pixels, channels, dtype()), w(device(), s.units, taps, dtype()),
        z(device(), outputs, s.units, dtype()), gradient(device(), s.units, taps);
    x.upload(random_values(pixels * channels, 1, any_number));
    w.upload(weights(s, any_number));
    std::vector<float> first_z, first_gradient;
    for (int repeat = 0; repeat < 3; ++repeat) {
      device().convolve({s, x.view(), w.view(), z.view()});
      device().convolution_gradient({s, x.view(), z.view(), gradient.view()});
      if (repeat == 0) first_z = z.download(), first_gradient = gradient.download();
      EXPECT_TRUE(z.download() == first_z) << images;
      EXPECT_TRUE(gradient.download() == first_gradient) << images;
    }
  }
}

TEST_P(Convolutions, RefuseWhatCannotBe) {
  const ConvolutionShape good = kConvolutions[0];
  Matrix x(device(), 30, 3, dtype()), w(device(), 8, 72, dtype()), z(device(), 30, 8, dtype());
  EXPECT_NO_THROW(device().convolve({good, x.view(), w.view(), z.view()}));
  const auto expect_refused = [&](auto break_it) {
    Convolution args{good, x.view(), w.view(), z.view()};
    break_it(args);
    EXPECT_THROW(device().convolve(args), Error);
  };
  expect_refused([](Convolution& a) { a.shape.kernel = 0; });
  expect_refused([](Convolution& a) { a.shape.kernel = 9; });
  expect_refused([](Convolution& a) { a.shape.padding = 3; });
  expect_refused([](Convolution& a) { a.shape.stride = 0; });
  expect_refused([](Convolution& a) { a.shape.groups = 2; });
  expect_refused([](Convolution& a) { a.shape.units = 7; });
  expect_refused([](Convolution& a) { a.x.rows = 29; });
  expect_refused([](Convolution& a) { a.x.cols = 4; });
  expect_refused([](Convolution& a) { a.x.stride = 16; });
  expect_refused([](Convolution& a) { a.weight.cols = 27; });
  expect_refused([](Convolution& a) { a.z.rows = 29; });
  expect_refused([](Convolution& a) { a.z.stride = 16; });
}

FFWD_ON_DEVICES(Convolutions, "cpu", "cpu_bf16", "cuda", "cuda_tf32", "cuda_bf16");

// --- as matrix products, on the CPU --------------------------------------------------------------

class UnfoldedConvolutions : public OnDevice {};

// Sums of these fit fp32, and so do their roundings to bf16, which are the same on both ways.
TEST_P(UnfoldedConvolutions, AreExactForSmallIntegersOfAnySize) {
  OnednnConvolution direct;
  OnednnMatmul matmul;
  UnfoldedConvolution unfolded(matmul);
  for (const auto& s : kConvolutions) {
    if (s.groups > 1) continue;
    SCOPED_TRACE("shape " + std::to_string(&s - kConvolutions));
    const int64_t cols = s.taps() * s.stored_channels();
    Matrix x(device(), kImages * s.input.pixels(), s.input.channels, dtype()),
        w(device(), s.units, cols, dtype()),
        z(device(), kImages * s.output().pixels(), s.units, dtype()),
        same_z(device(), z.rows(), z.cols(), dtype()), dw(device(), s.units, cols),
        same_dw(device(), s.units, cols);
    x.upload(random_values(x.rows() * x.cols(), 1, small_integer));
    w.upload(random_values(w.rows() * w.cols(), 2, small_integer));
    direct.run(Convolution{s, x.view(), w.view(), z.view()});
    unfolded.run(Convolution{s, x.view(), w.view(), same_z.view()});
    EXPECT_EQ(same_z.download(), z.download());
    direct.run(ConvolutionGradient{s, x.view(), z.view(), dw.view()});
    unfolded.run(ConvolutionGradient{s, x.view(), z.view(), same_dw.view()});
    EXPECT_EQ(same_dw.download(), dw.download());
  }
}

FFWD_ON_DEVICES(UnfoldedConvolutions, "cpu", "cpu_bf16");

// An image takes 64 KiB of unfolded rows, so these go in two blocks.
TEST(ManyUnfoldedConvolutions, GoInBlocks) {
  const std::unique_ptr<Device> device = make_cpu_device();
  OnednnMatmul matmul;
  UnfoldedConvolution unfolded(matmul);
  constexpr ConvolutionShape s{{16, 16, 64}, 8, 16, 1, 0, 1};
  constexpr int64_t kMany = 1100, kHalf = kMany / 2, kPixels = 256, kCols = kPixels * 64;
  Matrix x(*device, kMany * kPixels, 64), w(*device, 8, kCols), z(*device, kMany, 8),
      dw(*device, 8, kCols);
  x.upload(random_values(x.rows() * x.cols(), 1, small_integer));
  w.upload(random_values(w.rows() * w.cols(), 2, small_integer));
  unfolded.run(Convolution{s, x.view(), w.view(), z.view()});
  const std::vector<float> whole_z = z.download();
  z.upload(random_values(z.rows() * z.cols(), 3, small_integer));
  unfolded.run(ConvolutionGradient{s, x.view(), z.view(), dw.view()});
  const std::vector<float> whole_dw = dw.download();

  std::vector<float> sum(whole_dw.size(), 0.0f);
  Matrix half_z(*device, kMany, 8);
  for (const int64_t first : {int64_t(0), kHalf}) {
    const ConstMatrixView half = x.view().row_range(first * kPixels, kHalf * kPixels);
    unfolded.run(Convolution{s, half, w.view(), half_z.view().row_range(first, kHalf)});
    unfolded.run(ConvolutionGradient{s, half, z.view().row_range(first, kHalf), dw.view()});
    const std::vector<float> half_dw = dw.download();
    for (size_t i = 0; i < sum.size(); ++i) sum[i] += half_dw[i];
  }
  EXPECT_EQ(half_z.download(), whole_z);
  EXPECT_EQ(sum, whole_dw);
}

// --- pools ---------------------------------------------------------------------------------------

class Pools : public OnDevice {};

TEST_P(Pools, TakeTheLargestAndTheMean) {
  for (const PoolKind kind : {PoolKind::max, PoolKind::average}) {
    for (const PoolShape shape : {PoolShape{kind, {4, 6, 8}, 2}, PoolShape{kind, {5, 7, 3}, 2},
                                  PoolShape{kind, {9, 4, 16}, 4}, PoolShape{kind, {2, 2, 8}, 1}}) {
      const ImageShape in = shape.input, out = shape.output();
      const auto x = random_values(kImages * in.pixels() * in.channels, 4, [](uint32_t bits) {
        return float(int32_t(bits % 257) - 128);  // sums over 4 and 16 are exact
      });
      Matrix dx(device(), kImages * in.pixels(), in.channels, dtype()),
          pooled(device(), kImages * out.pixels(), in.channels, dtype());
      dx.upload(x);
      device().pool({shape, dx.view(), pooled.view()});
      const std::vector<float> got = pooled.download();
      for (size_t at = 0; at < got.size(); ++at) {
        const auto c = int64_t(at) % in.channels, pixel = int64_t(at) / in.channels;
        const int64_t q = pixel % out.width, p = pixel / out.width % out.height,
                      n = pixel / out.pixels();
        float top = -1000, sum = 0;
        for (int64_t i = 0; i < shape.window * shape.window; ++i) {
          const int64_t h = p * shape.window + i / shape.window,
                        w = q * shape.window + i % shape.window;
          const float value = x[size_t(((n * in.height + h) * in.width + w) * in.channels + c)];
          top = std::max(top, value);
          sum += value;
        }
        const float mean = sum / float(shape.window * shape.window);
        ASSERT_EQ(got[at], stored(kind == PoolKind::max ? top : mean)) << "element " << at;
      }
    }
  }
}

TEST_P(Pools, RefuseWhatCannotBe) {
  Matrix x(device(), 24, 8, dtype()), pooled(device(), 6, 8, dtype());
  const PoolShape good{PoolKind::max, {4, 6, 8}, 2};
  EXPECT_NO_THROW(device().pool({good, x.view(), pooled.view()}));
  EXPECT_THROW(device().pool({{PoolKind::max, {4, 6, 8}, 5}, x.view(), pooled.view()}), Error);
  EXPECT_THROW(device().pool({{PoolKind::max, {4, 6, 8}, 0}, x.view(), pooled.view()}), Error);
  EXPECT_THROW(device().pool({good, x.view(), pooled.view(5)}), Error);
  EXPECT_THROW(device().pool({good, x.view(23), pooled.view()}), Error);
  MatrixView apart = pooled.view();
  apart.stride = 16;
  EXPECT_THROW(device().pool({good, x.view(), apart}), Error);
}

FFWD_IN_EVERY_PRECISION(Pools);

}  // namespace
}  // namespace ffwd::test
