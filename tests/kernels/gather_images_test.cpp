// gather_images: a hand-worked image, integers that leave nothing to round over every shape and
// channel count, the equations written again in double, extremes, and CUDA against the CPU twin.
#include "kernels/gather_images.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<GatherImages> kGatherImages = FFWD_TWINS(gather_images);

struct Case {
  DType dtype = DType::f32;
  int64_t width = 0;  // bytes of an image
  std::vector<uint8_t> pixels;
  std::vector<int32_t> sample;
  Standardise standardise;
  int32_t blank_pixels = 1;
};

Results run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  const int64_t rows = int64_t(c.sample.size());
  GatherImages args;
  args.pixels = memory.input(c.pixels).data;
  args.sample = memory.input(c.sample);
  args.standardise = c.standardise;
  args.blank_pixels = c.blank_pixels;
  args.base = memory.output("base", c.dtype, rows, c.width);
  args.squares = memory.output<float>("squares", rows);
  return memory.run(kGatherImages, args);
}

Results reference(const Case& c) {
  const int64_t rows = int64_t(c.sample.size()), channels = c.standardise.channels;
  Matrix base(rows, c.width), squares(1, rows);
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t p = c.blank_pixels; p < c.width / channels; ++p) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        const int64_t j = p * channels + channel;
        const int64_t byte = int64_t(c.sample[std::size_t(i)]) * c.width + j;
        const double x =
            double(c.pixels[std::size_t(byte)]) * double(c.standardise.scale[channel]) +
            double(c.standardise.shift[channel]);
        base.at(i, j) = x;
        squares.at(0, i) += x * x;
      }
    }
  }
  return {{"base", base}, {"squares", squares}};
}

Case random_case(DType dtype, Shape shape, int32_t channels, uint64_t seed, int bytes = 256) {
  Case c;
  c.dtype = dtype;
  c.width = shape.cols / channels * channels;
  c.standardise.channels = channels;
  c.blank_pixels = int32_t(std::min<int64_t>(10, c.width / channels));
  for (int channel = 0; channel < channels; ++channel) {
    c.standardise.scale[channel] = 0.01f * float(channel + 1);
    c.standardise.shift[channel] = 0.3f - 0.4f * float(channel);
  }
  constexpr int64_t kImages = 5;
  for (const double value : random_matrix(DType::f32, kImages, c.width, seed, 0, bytes).values) {
    c.pixels.push_back(uint8_t(value));
  }
  for (int64_t i = 0; i < shape.rows; ++i) c.sample.push_back(int32_t((3 * i + 4) % kImages));
  return c;
}

// byte * scale rounds once and the sum with shift, which may cancel, once more: each x is off by
// e = 2 u (255 |scale| + |shift|), ABSOLUTE. So a square is off by 2 |x| e, one of n squares, and
// their sum by another (n + 1) u of itself in any order.
struct Bounds {
  Tolerance base, squares;
};
Bounds bounds(const Case& c, double sides = 1.0) {
  double top = 0.0;
  for (int channel = 0; channel < c.standardise.channels; ++channel) {
    top = std::fmax(top, 255 * std::fabs(double(c.standardise.scale[channel])) +
                             std::fabs(double(c.standardise.shift[channel])));
  }
  const double error = sides * 2 * kUnit * top, n = double(c.width);
  return {{error, 0}, {n * 2 * top * error, sides * (n + 1) * kUnit}};
}

void expect_results(const Case& c, const Results& got, const Results& want, const Bounds& bound,
                    Tolerance (*stored_as)(DType, Tolerance)) {
  if (largest(want.at("base")) == 0.0) {  // the label takes the whole image
    expect_equal(got.at("base"), want.at("base"), "base");
    return expect_equal(got.at("squares"), want.at("squares"), "squares");
  }
  expect_close(got.at("base"), want.at("base"), stored_as(c.dtype, bound.base), "base");
  // Not stored_as: the squares are of the values before they are rounded to bf16.
  expect_close(got.at("squares"), want.at("squares"), bound.squares, "squares");
}

class GatherImagesTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(GatherImagesTest);

TEST_P(GatherImagesTest, HandWorkedRows) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c;
    c.dtype = dtype;
    c.width = 6;
    c.pixels = {9, 9, 0, 1, 2, 3, /**/ 9, 9, 4, 4, 4, 5};
    c.sample = {1, 0, 1};
    c.blank_pixels = 2;
    c.standardise.scale[0] = 2.0f;
    c.standardise.shift[0] = -1.0f;
    Results got = run(place(), c);
    expect_equal(got.at("base"),
                 std::vector<double>{0, 0, 7, 7, 7, 9, /**/ 0, 0, -1, 1, 3, 5, /**/
                                     0, 0, 7, 7, 7, 9},
                 "base");
    expect_equal(got.at("squares"), std::vector<double>{228, 36, 228}, "squares");

    // Of 3 channels, all of the first pixel wait for the label.
    c.blank_pixels = 1;
    c.sample = {0};
    c.standardise.channels = 3;
    for (int channel = 0; channel < 3; ++channel) {
      c.standardise.scale[channel] = float(channel + 1);
      c.standardise.shift[channel] = float(10 * channel);
    }
    got = run(place(), c);
    expect_equal(got.at("base"), std::vector<double>{0, 0, 0, 1, 14, 29}, "3 channels");
    expect_equal(got.at("squares"), std::vector<double>{1 + 196 + 841}, "3 channels");
  }
}

// 257 lies between the bf16 numbers 256 and 258, and goes to the even one.
TEST_P(GatherImagesTest, SquaresAreOfTheValuesBeforeRounding) {
  Case c;
  c.dtype = DType::bf16;
  c.width = 3;
  c.pixels = {7, 1, 1};
  c.sample = {0};
  c.standardise.scale[0] = 1.0f;
  c.standardise.shift[0] = 256.0f;
  const Results got = run(place(), c);
  expect_equal(got.at("base"), std::vector<double>{0, 256, 256}, "base");
  expect_equal(got.at("squares"), std::vector<double>{2 * 257.0 * 257.0}, "squares");
}

// |x| <= 4 * 15 - 3: bf16 holds it, and a sum of 5000 squares stays under 2^24. Any wrong index
// would show.
TEST_P(GatherImagesTest, IntegersAreExact) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    for (const int32_t channels : {1, 2, 3, 4}) {
      Case c = random_case(dtype, shape, channels, ++seed, 16);
      if (c.width == 0) continue;
      for (int channel = 0; channel < channels; ++channel) {
        c.standardise.scale[channel] = channel % 2 == 0 ? float(channel + 1) : -float(channel + 1);
        c.standardise.shift[channel] = float(channel) - 3.0f;
      }
      const Results want = reference(c), got = run(place(), c, layout);
      expect_equal(got.at("base"), want.at("base"), "base");
      expect_equal(got.at("squares"), want.at("squares"), "squares");
    }
  });
}

TEST_P(GatherImagesTest, AgreesWithTheEquations) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    for (const int32_t channels : {1, 3}) {
      const Case c = random_case(dtype, shape, channels, ++seed);
      if (c.width == 0) continue;
      expect_results(c, run(place(), c, layout), reference(c), bounds(c), stored);
    }
  });
}

TEST_P(GatherImagesTest, ABlackImageStaysARowOfZeros) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c;
    c.dtype = dtype;
    c.width = 40;
    c.pixels.assign(40, 0);
    c.sample = {0, 0};
    const Results got = run(place(), c);
    expect_equal(got.at("base"), Matrix(2, 40), "base");
    expect_equal(got.at("squares"), Matrix(1, 2), "squares");
  }
}

TEST_P(GatherImagesTest, NanShowsBesideTheLabel) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {4, 70}, 1, 5);
    c.standardise.shift[0] = NAN;
    const Results got = run(place(), c);
    EXPECT_TRUE(all_nan(got.at("squares")));
    for (int64_t i = 0; i < 4; ++i) {
      for (int64_t j = 0; j < 70; ++j) EXPECT_EQ(std::isnan(got.at("base").at(i, j)), j >= 10);
    }
  }
}

TEST_P(GatherImagesTest, WithoutALabelEveryPixelIsShown) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {7, 300}, 3, 8);
    c.blank_pixels = 0;
    expect_results(c, run(place(), c), reference(c), bounds(c), stored);
  }
}

TEST_P(GatherImagesTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    GatherImages args{
        memory.input(std::vector<uint8_t>(24)).data, memory.input(std::vector<int32_t>(2)), {}, 3,
        memory.output("base", DType::f32, 2, 12),    memory.output<float>("squares", 2)};
    args.standardise.channels = 3;
    break_it(args);
    EXPECT_THROW(memory.run(kGatherImages, args), Error);
  };
  expect_error([](GatherImages& a) { a.sample.size = 1; });
  expect_error([](GatherImages& a) { a.squares.size = 3; });
  expect_error([](GatherImages& a) { a.base.rows = 1; });
  expect_error([](GatherImages& a) { a.standardise.channels = 0; });
  expect_error([](GatherImages& a) { a.standardise.channels = 5; });
  expect_error([](GatherImages& a) { a.base.cols = 11; });
  expect_error([](GatherImages& a) { a.blank_pixels = 5; });
  expect_error([](GatherImages& a) { a.blank_pixels = -1; });
}

TEST_P(GatherImagesTest, SameBitsAlways) {
  const Case c = random_case(DType::bf16, {5, 1100}, 3, 6);
  expect_same_bits_always([&] { return run(place(), c); });
}

#ifdef FFWD_TEST_CUDA
using GatherImagesCuda = CudaAgainstCpu;

TEST_F(GatherImagesCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = random_case(dtype, shape, shape.cols < 3 ? 1 : 3, ++seed);
    expect_results(c, run(Place::cuda, c, layout), run(Place::cpu, c, layout), bounds(c, 2.0),
                   stored_apart);
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
