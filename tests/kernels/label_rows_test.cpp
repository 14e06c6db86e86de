// label_rows: a hand-worked label, the equation written again in double, the same rows as gathering
// with each label and multiplying, extremes, and CUDA against the CPU twin.
#include "kernels/label_rows.h"

#include <gtest/gtest.h>

#include "kernels/gather_images.h"
#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<LabelRows> kLabelRows = FFWD_TWINS(label_rows);
constexpr Twins<GatherImages> kGatherImages = FFWD_TWINS(gather_images);

struct Case {
  DType dtype = DType::f32;
  Matrix base, weight;
  std::vector<float> row_scale;
  float label_value = 1.0f;
  int32_t classes = 10, channels = 1;
};

Matrix run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  LabelRows args;
  args.base = memory.input(c.dtype, c.base);
  args.weight = memory.input(c.dtype, c.weight);
  args.row_scale = memory.input(c.row_scale);
  args.label_value = c.label_value;
  args.classes = c.classes;
  args.channels = c.channels;
  args.z = memory.output("z", c.dtype, c.classes * c.base.rows, c.base.cols);
  return memory.run(kLabelRows, args).at("z");
}

Matrix reference(const Case& c) {
  Matrix z(c.classes * c.base.rows, c.base.cols);
  for (int64_t k = 0; k < c.classes; ++k) {
    for (int64_t i = 0; i < c.base.rows; ++i) {
      for (int64_t j = 0; j < c.base.cols; ++j) {
        double sum = 0.0;
        for (int64_t channel = 0; channel < c.channels; ++channel) {
          sum += c.weight.at(j, k * c.channels + channel);
        }
        z.at(k * c.base.rows + i, j) =
            c.base.at(i, j) + double(c.label_value) * double(c.row_scale[std::size_t(i)]) * sum;
      }
    }
  }
  return z;
}

Case random_case(DType dtype, Shape shape, int32_t channels, uint64_t seed) {
  Case c;
  c.dtype = dtype;
  c.channels = channels;
  c.classes = 4;
  c.base = random_matrix(dtype, shape.rows, shape.cols, seed);
  c.weight = random_matrix(dtype, shape.cols, c.classes * channels + 5, seed + 1);
  c.row_scale = random_vector(shape.rows, seed + 2, 0.1, 0.4);
  c.label_value = 1.5f;
  return c;
}

// |base|, |weight| <= 1, strength <= 0.6: strength, each of C sums, product and sum round once,
// each to u of at most 1 + 0.6 C. ABSOLUTE: the sum may cancel.
Tolerance bound(const Case& c, double sides = 1.0) {
  return {sides * (c.channels + 3) * (1 + 0.6 * c.channels) * kUnit, 0};
}

class LabelRowsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(LabelRowsTest);

TEST_P(LabelRowsTest, HandWorkedRows) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c{dtype,
           Matrix(2, 2, {1, 2, /**/ 3, 4}),
           Matrix(2, 3, {10, 20, 99, /**/ 30, 40, 99}),
           {0.5f, 0.25f},
           2.0f,
           2,
           1};
    // Strengths 1 and 0.5; label 0 adds column 0 of the weights, label 1 column 1.
    expect_equal(run(place(), c), std::vector<double>{11, 32, 8, 19, /**/ 21, 42, 13, 24}, "z");
    c.classes = 1;
    c.channels = 2;
    expect_equal(run(place(), c), std::vector<double>{31, 72, 18, 39}, "two channels");
  }
}

TEST_P(LabelRowsTest, AgreesWithTheEquation) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = random_case(dtype, shape, seed % 2 == 0 ? 1 : 3, seed);
    ++seed;
    expect_close(run(place(), c, layout), reference(c), stored(dtype, bound(c)), "z");
  });
}

// --- the same as gathering with each label and multiplying
// ----------------------------------------

constexpr int64_t kImages = 3, kWidth = 36, kUnits = 7;
constexpr int32_t kClasses = 5;

Results gather(Place place, int32_t channels, int32_t label) {
  Memory memory(place);
  std::vector<uint8_t> pixels;
  for (const double value : random_matrix(DType::f32, kImages, kWidth, 1, 0, 256).values) {
    pixels.push_back(uint8_t(value));
  }
  GatherImages args;
  args.pixels = memory.input(pixels).data;
  args.sample = memory.input(std::vector<int32_t>{2, 0, 1});
  args.label = memory.input(std::vector<int32_t>(kImages, label));
  args.standardise.channels = channels;
  args.classes = kClasses;
  args.label_value = 2.0f;
  args.norm = {NormKind::rms, 1e-8f};
  args.x_hat = memory.output("x_hat", DType::f32, kImages, kWidth);
  args.row_scale = memory.output<float>("row_scale", kImages);
  return memory.run(kGatherImages, args);
}

Matrix times_transposed(const Matrix& x, const Matrix& weight) {
  Matrix product(x.rows, weight.rows);
  for (int64_t i = 0; i < x.rows; ++i) {
    for (int64_t j = 0; j < weight.rows; ++j) {
      for (int64_t d = 0; d < x.cols; ++d) product.at(i, j) += x.at(i, d) * weight.at(j, d);
    }
  }
  return product;
}

// Both sides multiply in double, so what differs is fp32: x_hat and row_scale of each row are off
// by (D / 2 + 6) u of themselves (gather_images_test.cpp), |x_hat| < 6 and D products, base rounds
// once.
TEST_P(LabelRowsTest, EqualsGatheringWithEachLabelAndMultiplying) {
  for (const int32_t channels : {1, 3}) {
    const Results blank = gather(place(), channels, kBlankLabel);
    Case c;
    c.weight = random_matrix(DType::f32, kUnits, kWidth, 2);
    c.base = times_transposed(blank.at("x_hat"), c.weight);
    c.row_scale = to_vector(blank.at("row_scale"));
    c.label_value = 2.0f;
    c.classes = kClasses;
    c.channels = channels;
    const Matrix got = run(place(), c);
    for (int32_t k = 0; k < kClasses; ++k) {
      const Results labelled = gather(place(), channels, k);
      const Matrix want = times_transposed(labelled.at("x_hat"), c.weight);
      Matrix rows(kImages, kUnits);
      for (int64_t i = 0; i < kImages; ++i) {
        for (int64_t j = 0; j < kUnits; ++j) rows.at(i, j) = got.at(k * kImages + i, j);
      }
      ASSERT_LT(largest(labelled.at("x_hat")), 6.0);
      const double error = 2 * (kWidth / 2 + 6) * kUnit * 6 * kWidth;
      expect_close(rows, want, {error, 0}, "label " + std::to_string(k));
    }
  }
}

// --- extremes ------------------------------------------------------------------------------------

TEST_P(LabelRowsTest, NanShowsWhereItMatters) {
  Case c = random_case(DType::f32, {3, 70}, 1, 5);
  c.base.at(1, 69) = kNan;
  c.weight.at(3, 2) = kNan;  // unit 3 under label 2
  c.row_scale[0] = NAN;      // all of image 0
  const Matrix z = run(place(), c);
  for (int64_t k = 0; k < 4; ++k) {
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 70; ++j) {
        const bool nan = i == 0 || (i == 1 && j == 69) || (j == 3 && k == 2);
        ASSERT_EQ(std::isnan(z.at(k * 3 + i, j)), nan) << k << " " << i << " " << j;
      }
    }
  }
}

TEST_P(LabelRowsTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    LabelRows args{memory.input(DType::f32, Matrix(3, 4)),
                   memory.input(DType::f32, Matrix(4, 6)),
                   memory.input(std::vector<float>(3)),
                   1.0f,
                   2,
                   3,
                   memory.output("z", DType::f32, 6, 4)};
    break_it(args);
    EXPECT_THROW(memory.run(kLabelRows, args), Error);
  };
  expect_error([](LabelRows& a) { a.z.rows = 5; });
  expect_error([](LabelRows& a) { a.z.cols = 3; });
  expect_error([](LabelRows& a) { a.weight.rows = 3; });
  expect_error([](LabelRows& a) { a.weight.cols = 5; });
  expect_error([](LabelRows& a) { a.weight.dtype = DType::bf16; });
  expect_error([](LabelRows& a) { a.z.dtype = DType::bf16; });
  expect_error([](LabelRows& a) { a.row_scale.size = 2; });
}

TEST_P(LabelRowsTest, SameBitsAlways) {
  const Case c = random_case(DType::bf16, {5, 300}, 3, 6);
  expect_same_bits_always([&] { return Results{{"z", run(place(), c)}}; });
}

#ifdef FFWD_TEST_CUDA
using LabelRowsCuda = CudaAgainstCpu;

TEST_F(LabelRowsCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    if (shape.rows == 0) return;
    ++seed;
    const Case c = random_case(dtype, shape, seed % 2 == 0 ? 1 : 3, seed);
    expect_close(run(Place::cuda, c, layout), run(Place::cpu, c, layout),
                 stored_apart(dtype, bound(c, 2.0)), "z");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
