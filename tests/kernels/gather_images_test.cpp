// gather_images: a hand-worked image, every kind of label, channel count and norm against the
// equations written again in double, extremes, and CUDA against the CPU twin.
#include "kernels/gather_images.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr Twins<GatherImages> kGatherImages = FFWD_TWINS(gather_images);

struct Case {
  int64_t width = 0;  // bytes of an image
  std::vector<uint8_t> pixels;
  std::vector<int32_t> sample, label;
  Standardise standardise;
  int32_t classes = 1;
  float label_value = 1.0f;
  Norm norm;
  DType dtype = DType::f32;
  bool has_row_scale = true;
};

Results run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  const int64_t rows = int64_t(c.sample.size());
  GatherImages args;
  args.pixels = memory.input(c.pixels).data;
  args.sample = memory.input(c.sample);
  args.label = memory.input(c.label);
  args.standardise = c.standardise;
  args.classes = c.classes;
  args.label_value = c.label_value;
  args.norm = c.norm;
  args.x_hat = memory.output("x_hat", c.dtype, rows, c.width);
  if (c.has_row_scale) args.row_scale = memory.output<float>("row_scale", rows);
  return memory.run(kGatherImages, args);
}

// Row r of the equations, under any label.
std::vector<double> image_of(const Case& c, int64_t r, int32_t label) {
  const int64_t channels = c.standardise.channels;
  std::vector<double> x;
  for (int64_t j = 0; j < c.width; ++j) {
    const int64_t p = j / channels, channel = j % channels;
    const int64_t at = int64_t(c.sample[std::size_t(r)]) * c.width + j;
    double value = double(c.pixels[std::size_t(at)]) * double(c.standardise.scale[channel]) +
                   double(c.standardise.shift[channel]);
    if (p < c.classes) {
      value = 0.0;
      if (label == kNeutralLabel) value = double(c.label_value) / c.classes;
      if (label == p) value = double(c.label_value);
    }
    x.push_back(value);
  }
  return x;
}

Results reference(const Case& c) {
  const int64_t rows = int64_t(c.sample.size());
  Matrix x_hat(rows, c.width), row_scale(1, rows);
  for (int64_t r = 0; r < rows; ++r) {
    const int32_t label = c.label[std::size_t(r)];
    const std::vector<double> x = image_of(c, r, label);
    // A blank row is as long as under any label, e.g. the last.
    const double divisor = length(c.norm, label == kBlankLabel ? image_of(c, r, c.classes - 1) : x);
    row_scale.at(0, r) = 1 / divisor;
    for (int64_t j = 0; j < c.width; ++j) x_hat.at(r, j) = x[std::size_t(j)] / divisor;
  }
  return {{"x_hat", x_hat}, {"row_scale", row_scale}};
}

Case random_case(DType dtype, Shape shape, int32_t channels, uint64_t seed) {
  Case c;
  c.dtype = dtype;
  c.standardise.channels = channels;
  c.width = shape.cols / channels * channels;
  c.classes = int32_t(std::min<int64_t>(10, c.width / channels));
  c.label_value = 1.5f;
  c.norm = {seed % 2 == 0 ? NormKind::l2 : NormKind::rms, 1e-3f};
  for (int channel = 0; channel < channels; ++channel) {
    c.standardise.scale[channel] = 0.01f * float(channel + 1);
    c.standardise.shift[channel] = 0.3f - 0.4f * float(channel);
  }
  constexpr int64_t kImages = 5;
  for (const double value : random_matrix(DType::f32, kImages, c.width, seed, 0, 256).values) {
    c.pixels.push_back(uint8_t(value));
  }
  for (int64_t r = 0; r < shape.rows; ++r) {
    c.sample.push_back(int32_t((3 * r + 4) % kImages));
    c.label.push_back(int32_t((5 * r + 7) % (c.classes + 2)) - 2);  // blank, neutral, 0 ... K - 1
  }
  return c;
}

// byte * scale + shift may cancel: each x is off by 2 u of 255 |scale| + |shift|, ABSOLUTE. That
// moves the length, relative to itself, by no more than it moves x relative to the mean square; a
// sum of n squares is off by another (n + 2) u in any order, its root by half of that; scale and
// product round once each.
struct Bounds {
  Tolerance x_hat, row_scale;
};
Bounds bounds(const Case& c, const Results& want, double sides = 1.0) {
  double pixel = 0.0;
  for (int channel = 0; channel < c.standardise.channels; ++channel) {
    pixel = std::fmax(pixel, 255 * std::fabs(double(c.standardise.scale[channel])) +
                                 std::fabs(double(c.standardise.shift[channel])));
  }
  const double top_scale = largest(want.at("row_scale"));
  const double pixel_error = sides * 2 * kUnit * pixel;
  const double root_n = c.norm.kind == NormKind::l2 ? std::sqrt(double(c.width)) : 1.0;
  const double relative =
      sides * (double(c.width) / 2 + 6) * kUnit + pixel_error * top_scale * root_n;
  return {{pixel_error * top_scale, relative}, {0, relative}};
}

void expect_results(const Case& c, const Results& got, const Results& want, const Bounds& bound,
                    Tolerance (*stored_as)(DType, Tolerance)) {
  expect_close(got.at("row_scale"), want.at("row_scale"), bound.row_scale, "row_scale");
  if (largest(want.at("x_hat")) == 0.0) {
    return expect_equal(got.at("x_hat"), want.at("x_hat"), "x_hat");
  }
  expect_close(got.at("x_hat"), want.at("x_hat"), stored_as(c.dtype, bound.x_hat), "x_hat");
}

class GatherImagesTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(GatherImagesTest);

TEST_P(GatherImagesTest, HandWorkedRows) {
  Case c;
  c.width = 6;  // 2 pixels of overlay, then bytes * 2 - 1
  c.pixels = {9, 9, 0, 1, 2, 3, /**/ 9, 9, 4, 4, 4, 4};
  c.sample = {0, 0, 0, 0, 1};
  c.label = {0, 1, kNeutralLabel, kBlankLabel, 1};
  c.standardise.scale[0] = 2.0f;
  c.standardise.shift[0] = -1.0f;
  c.classes = 2;
  c.label_value = 8.0f;
  c.norm = {NormKind::l2, 0.0f};
  for (const DType dtype : {DType::f32, DType::bf16}) {
    c.dtype = dtype;
    const Results got = run(place(), c);
    // The rest of image 0 is (-1, 1, 3, 5), 36 of squares, that of image 1 is (7, 7, 7, 7), 196.
    const std::vector<double> length = {10, 10, std::sqrt(68.0), 10, std::sqrt(260.0)};
    const std::vector<double> x[] = {{8, 0, -1, 1, 3, 5},
                                     {0, 8, -1, 1, 3, 5},
                                     {4, 4, -1, 1, 3, 5},
                                     {0, 0, -1, 1, 3, 5},
                                     {0, 8, 7, 7, 7, 7}};
    Matrix x_hat(5, 6), row_scale(1, 5);
    for (int64_t r = 0; r < 5; ++r) {
      row_scale.at(0, r) = 1 / length[std::size_t(r)];
      for (int64_t j = 0; j < 6; ++j) {
        x_hat.at(r, j) = x[r][std::size_t(j)] / length[std::size_t(r)];
      }
    }
    expect_close(got.at("row_scale"), row_scale, {0, 4 * kUnit}, "row_scale");
    expect_close(got.at("x_hat"), x_hat, stored(dtype, {0, 4 * kUnit}), "x_hat");
  }
}

TEST_P(GatherImagesTest, AgreesWithTheEquations) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    for (const int32_t channels : {1, 3, 4}) {
      if (shape.cols < channels) continue;
      Case c = random_case(dtype, shape, channels, ++seed);
      const Results want = reference(c), got = run(place(), c, layout);
      expect_results(c, got, want, bounds(c, want), stored);
      c.has_row_scale = false;
      EXPECT_TRUE(identical(run(place(), c, layout).at("x_hat"), got.at("x_hat")));
    }
  });
}

// Every channel has its own scale and shift, counted from the start of a pixel.
TEST_P(GatherImagesTest, ChannelsOfAPixelLieTogether) {
  Case c = random_case(DType::f32, {1, 30}, 3, 4);
  c.classes = 1;
  c.label = {0};
  c.norm = {NormKind::l2, 0.0f};
  const Matrix x_hat = run(place(), c).at("x_hat");
  for (int64_t j = 0; j < 3; ++j) EXPECT_EQ(x_hat[std::size_t(j)], x_hat[0]);  // all 3 overlaid
  expect_close(x_hat, reference(c).at("x_hat"), bounds(c, reference(c)).x_hat, "x_hat");
}

TEST_P(GatherImagesTest, ARowOfZerosStaysARowOfZeros) {
  for (const int32_t label : {0, int32_t(kNeutralLabel), int32_t(kBlankLabel)}) {
    Case c;
    c.width = 40;
    c.pixels.assign(40, 0);
    c.sample = {0};
    c.label = {label};
    c.classes = 10;
    c.label_value = 0.0f;
    expect_equal(run(place(), c).at("x_hat"), Matrix(1, 40), "x_hat");
  }
}

TEST_P(GatherImagesTest, NanShows) {
  Case c = random_case(DType::f32, {4, 70}, 1, 5);
  c.standardise.shift[0] = NAN;
  const Results got = run(place(), c);
  EXPECT_TRUE(all_nan(got.at("row_scale")));
  EXPECT_TRUE(all_nan(got.at("x_hat")));
}

TEST_P(GatherImagesTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    GatherImages args{memory.input(std::vector<uint8_t>(24)).data,
                      memory.input(std::vector<int32_t>(2)),
                      memory.input(std::vector<int32_t>(2)),
                      {},
                      3,
                      1.0f,
                      {},
                      memory.output("x_hat", DType::f32, 2, 12),
                      memory.output<float>("row_scale", 2)};
    args.standardise.channels = 3;
    break_it(args);
    EXPECT_THROW(memory.run(kGatherImages, args), Error);
  };
  expect_error([](GatherImages& a) { a.sample.size = 1; });
  expect_error([](GatherImages& a) { a.label.size = 3; });
  expect_error([](GatherImages& a) { a.row_scale.size = 1; });
  expect_error([](GatherImages& a) { a.standardise.channels = 0; });
  expect_error([](GatherImages& a) { a.standardise.channels = 5; });
  expect_error([](GatherImages& a) { a.x_hat.cols = 11; });
  expect_error([](GatherImages& a) { a.classes = 5; });
  expect_error([](GatherImages& a) { a.classes = 0; });
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
    const Results want = run(Place::cpu, c, layout);
    expect_results(c, run(Place::cuda, c, layout), want, bounds(c, want, 2.0), stored_apart);
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
