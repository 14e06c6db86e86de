// overlay_pixels: hand-worked pixels, every element against the equation written again in double,
// extremes, and CUDA against the CPU twin.
#include "kernels/overlay_pixels.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr Twins<OverlayPixels> kOverlayPixels = FFWD_TWINS(overlay_pixels);

struct Case {
  DType dtype = DType::f32;
  Matrix base;
  std::vector<int32_t> label;
  int32_t classes = 1, channels = 1;
  float label_value = 1.0f;
  Norm norm = {NormKind::l2, 1e-30f};
  std::vector<float> pattern;  // empty: none

  int64_t pixels() const { return base.cols / channels; }
};

Matrix run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  OverlayPixels args;
  args.base = memory.input(c.dtype, c.base);
  args.label = memory.input(c.label);
  args.classes = c.classes;
  args.channels = c.channels;
  args.label_value = c.label_value;
  args.norm = c.norm;
  if (!c.pattern.empty()) args.pattern = memory.input(c.pattern);
  args.x_hat = memory.output("x_hat", c.dtype, int64_t(c.label.size()) * c.pixels(), c.channels);
  return memory.run(kOverlayPixels, args).at("x_hat");
}

Matrix reference(const Case& c) {
  Matrix want(int64_t(c.label.size()) * c.pixels(), c.channels);
  int64_t row = 0;
  for (std::size_t r = 0; r < c.label.size(); ++r) {
    const int64_t image = int64_t(r) % c.base.rows;
    for (int64_t p = 0; p < c.pixels(); ++p, ++row) {
      std::vector<double> x;
      for (int64_t k = 0; k < c.channels; ++k) {
        double value = c.base.at(image, p * c.channels + k);
        if (!c.pattern.empty()) {
          const bool neutral = c.label[r] == kNeutralLabel;
          value += neutral ? 0.0
                           : double(c.label_value) *
                                 double(c.pattern[std::size_t(c.label[r] * c.pixels() + p)]);
        } else if (p < c.classes) {
          value = p == c.label[r] ? double(c.label_value) : 0.0;
          if (c.label[r] == kNeutralLabel) value = double(c.label_value) / c.classes;
        }
        x.push_back(value);
      }
      for (int64_t k = 0; k < c.channels; ++k) {
        want.at(row, k) = x[std::size_t(k)] == 0.0 ? 0.0 : x[std::size_t(k)] / length(c.norm, x);
      }
    }
  }
  return want;
}

// `shape`: images, and pixels of each.
Case random_case(DType dtype, Shape shape, int32_t channels, uint64_t seed) {
  Case c;
  c.dtype = dtype;
  c.channels = channels;
  c.classes = int32_t(std::min<int64_t>(10, shape.cols));
  c.base = random_matrix(dtype, shape.rows, shape.cols * channels, seed, 0.25, 2.0);
  for (int64_t r = 0; r < 2 * shape.rows; ++r) {
    c.label.push_back(r % 5 == 4 ? kNeutralLabel : int32_t((r + int64_t(seed)) % c.classes));
  }
  c.label_value = 2.5f;
  c.norm = {kNormKinds[seed % std::size(kNormKinds)].value, 1e-4f};
  return c;
}

// At most 4 squares, their root, eps, the quotient, the neutral label's quotient and the product.
constexpr Tolerance kBound = {0, 12 * kUnit};

class OverlayPixelsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(OverlayPixelsTest);

TEST_P(OverlayPixelsTest, HandWorkedPixels) {
  Case c;
  c.base = Matrix(1, 8, {9, 9, /**/ 9, 9, /**/ 3, 4, /**/ 0, -2});  // four pixels of two channels
  c.channels = c.classes = 2;
  c.label = {1, kNeutralLabel};
  const double half = std::sqrt(0.5);
  const Matrix want(8, 2,
                    {0, 0, /**/ half, half, /**/ 0.6, 0.8, /**/ 0, -1, half, half, /**/ half, half,
                     /**/ 0.6, 0.8, /**/ 0, -1});
  for (const DType dtype : {DType::f32, DType::bf16}) {
    c.dtype = dtype;
    expect_close(run(place(), c), want, stored(dtype, kBound), "x_hat");
  }
}

TEST_P(OverlayPixelsTest, AgreesWithTheEquation) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = random_case(dtype, shape, int32_t(1 + seed % 4), seed);
    ++seed;
    if (shape.rows == 0) {
      EXPECT_EQ(run(place(), c, layout).size(), 0u);
    } else {
      expect_close(run(place(), c, layout), reference(c), stored(dtype, kBound), "x_hat");
    }
  });
}

TEST_P(OverlayPixelsTest, WithoutANormTheLabelledImageIsCopied) {
  Case c = random_case(DType::bf16, {3, 40}, 3, 1);
  c.norm.kind = NormKind::none;
  c.label = {0, 3, 9};  // 2.5 is a bf16 number
  expect_equal(run(place(), c), reference(c), "x_hat");
}

// Numbers of few bits, so that image plus label is exact and the bound is that of the norm.
Case pattern_case(DType dtype, Shape shape, int32_t channels, uint64_t seed) {
  Case c = random_case(dtype, shape, channels, seed);
  for (double& x : c.base.values) x = std::round(4 * x) / 4;
  for (int64_t i = 0; i < c.classes * c.pixels(); ++i)
    c.pattern.push_back(float(i * 7 % 5 - 2) / 2);
  return c;
}

TEST_P(OverlayPixelsTest, APatternIsAddedAllOverTheImage) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = pattern_case(dtype, shape, int32_t(1 + seed % 4), seed);
    ++seed;
    if (shape.rows == 0) return;
    expect_close(run(place(), c, layout), reference(c), stored(dtype, kBound), "x_hat");
  });
}

TEST_P(OverlayPixelsTest, ABlackPixelStaysBlack) {
  Case c = random_case(DType::f32, {1, 40}, 3, 1);
  c.base = Matrix(1, 120);
  c.label_value = 0.0f;
  expect_equal(run(place(), c), Matrix(80, 3), "x_hat");
}

TEST_P(OverlayPixelsTest, NanShowsInItsPixelAndNowhereElse) {
  Case c = random_case(DType::f32, {2, 20}, 3, 1);
  c.base.at(1, 15 * 3 + 1) = kNan;
  const Matrix got = run(place(), c);
  for (int64_t i = 0; i < got.rows; ++i) {
    for (int64_t k = 0; k < 3; ++k) {
      EXPECT_EQ(std::isnan(got.at(i, k)), i == 20 + 15 || i == 60 + 15) << i;
    }
  }
}

TEST_P(OverlayPixelsTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    OverlayPixels args{memory.input(DType::f32, Matrix(2, 12, 1.0)),
                       memory.input(std::vector<int32_t>(4)),
                       2,
                       3,
                       1.0f,
                       {},
                       memory.output("x_hat", DType::f32, 16, 3)};
    break_it(args);
    EXPECT_THROW(memory.run(kOverlayPixels, args), Error);
  };
  expect_error([](OverlayPixels& a) { a.channels = 0; });
  expect_error([](OverlayPixels& a) { a.channels = 5; });
  expect_error([](OverlayPixels& a) { a.channels = 2; });
  expect_error([](OverlayPixels& a) { a.base.cols = 11; });
  expect_error([](OverlayPixels& a) { a.classes = 5; });
  expect_error([](OverlayPixels& a) { a.label.size = 3; });
  expect_error([](OverlayPixels& a) { a.base.rows = 0; });
  expect_error([](OverlayPixels& a) { a.x_hat.rows = 15; });
  expect_error([](OverlayPixels& a) { a.pattern = {&a.label_value, 1}; });
  expect_error([](OverlayPixels& a) { a.x_hat.dtype = DType::bf16; });
}

TEST_P(OverlayPixelsTest, SameBitsAlways) {
  const Case c = random_case(DType::f32, {3, 300}, 3, 7);
  expect_same_bits_always([&] { return Results{{"x_hat", run(place(), c)}}; });
}

#ifdef FFWD_TEST_CUDA
using OverlayPixelsCuda = CudaAgainstCpu;

TEST_F(OverlayPixelsCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = random_case(dtype, shape, int32_t(1 + seed % 4), seed);
    ++seed;
    if (shape.rows == 0) return;
    expect_close(run(Place::cuda, c, layout), run(Place::cpu, c, layout),
                 stored_apart(dtype, {0, 2 * kBound.relative}), "x_hat");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
