// overlay_labels: hand-worked labels, the equations written again in double, extremes, and CUDA
// against the CPU twin. labelled_images_test.cpp puts it together with the images.
#include "kernels/overlay_labels.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<OverlayLabels> kOverlayLabels = FFWD_TWINS(overlay_labels);

struct Case {
  DType dtype = DType::f32;
  std::vector<int32_t> label;
  std::vector<float> squares;
  int32_t classes = 4, channels = 1;
  float label_value = 1.0f;
  Norm norm;
  int64_t width = 16;
};

Results run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  const int64_t rows = int64_t(c.label.size());
  OverlayLabels args;
  args.label = memory.input(c.label);
  args.squares = memory.input(c.squares);
  args.classes = c.classes;
  args.channels = c.channels;
  args.label_value = c.label_value;
  args.norm = c.norm;
  args.width = c.width;
  args.label_part = memory.output("label_part", c.dtype, rows, int64_t(c.classes) * c.channels);
  args.row_scale = memory.output<float>("row_scale", rows);
  return memory.run(kOverlayLabels, args);
}

// The first K * C elements of an image under `label`.
std::vector<double> overlay(int32_t label, int32_t classes, int32_t channels, double label_value) {
  std::vector<double> x;
  for (int32_t p = 0; p < classes; ++p) {
    const double share = label == -1 ? 1.0 / classes : p == label ? 1.0 : 0.0;
    x.insert(x.end(), std::size_t(channels), share * label_value);
  }
  return x;
}

Results reference(const Case& c) {
  const int64_t rows = int64_t(c.label.size());
  Matrix label_part(rows, int64_t(c.classes) * c.channels), row_scale(1, rows);
  std::size_t image = 0;
  for (int64_t r = 0; r < rows; ++r) {
    const std::vector<double> x =
        overlay(c.label[std::size_t(r)], c.classes, c.channels, double(c.label_value));
    double squares = double(c.squares[image]);
    for (const double value : x) squares += value * value;
    if (c.norm.kind == NormKind::rms) squares /= double(c.width);
    row_scale.at(0, r) = 1 / (std::sqrt(squares) + double(c.norm.eps));
    for (int64_t j = 0; j < label_part.cols; ++j) {
      label_part.at(r, j) = row_scale.at(0, r) * x[std::size_t(j)];
    }
    if (++image == c.squares.size()) image = 0;
  }
  return {{"label_part", label_part}, {"row_scale", row_scale}};
}

// `shape`: how many images, and how many columns of label.
Case random_case(DType dtype, Shape shape, int32_t channels, int64_t shows, uint64_t seed) {
  Case c;
  c.dtype = dtype;
  c.channels = channels;
  c.classes = int32_t(shape.cols / channels);
  c.width = 3 * shape.cols;
  c.label_value = 1.5f;
  c.norm = {seed % 2 == 0 ? NormKind::l2 : NormKind::rms, 1e-3f};
  c.squares = random_vector(shape.rows, seed, 0.0, 50.0);
  for (int64_t r = 0; r < shows * shape.rows; ++r) {  // neutral, and 0 ... K - 1
    c.label.push_back(int32_t((97 * r + int64_t(seed)) % (c.classes + 1)) - 1);
  }
  return c;
}

// The overlay's squares round at most 3 times (value^2, / K, * C), their sum with the image's once,
// the mean once; the root halves these 5 and rounds once, eps and quotient once each: 5.5 u. A
// neutral value and the product once each.
constexpr Tolerance kRowScale{0, 6 * kUnit}, kLabelPart{0, 8 * kUnit};

class OverlayLabelsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(OverlayLabelsTest);

// Lengths are powers of two: nothing rounds.
TEST_P(OverlayLabelsTest, HandWorkedLabels) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    // Rows 0 and 2 show image 0: 192 + 8^2. Rows 1 and 3 show image 1: 48 + 4 * 2^2.
    Case c{dtype, {2, kNeutralLabel, 3, kNeutralLabel}, {192, 48}, 4, 1, 8.0f, {NormKind::l2, 0.0f},
           16};
    Results got = run(place(), c);
    expect_equal(got.at("row_scale"), std::vector<double>{0.0625, 0.125, 0.0625, 0.125}, "l2");
    expect_equal(got.at("label_part"),
                 std::vector<double>{0, 0, 0.5, 0, /**/ 0.25, 0.25, 0.25, 0.25,  //
                                     0, 0, 0, 0.5, /**/ 0.25, 0.25, 0.25, 0.25},
                 "l2");
    c.norm.kind = NormKind::rms;  // mean squares 16 and 4
    got = run(place(), c);
    expect_equal(got.at("row_scale"), std::vector<double>{0.25, 0.5, 0.25, 0.5}, "rms");
    expect_equal(got.at("label_part"),
                 std::vector<double>{0, 0, 2, 0, /**/ 1, 1, 1, 1, /**/ 0, 0, 0, 2, /**/ 1, 1, 1, 1},
                 "rms");
    // Two channels: 128 + 2 * 8^2, and 0 + 2 * 2 * 4^2.
    c = {dtype, {1, kNeutralLabel}, {128, 0}, 2, 2, 8.0f, {NormKind::l2, 0.0f}, 16};
    got = run(place(), c);
    expect_equal(got.at("row_scale"), std::vector<double>{0.0625, 0.125}, "two channels");
    expect_equal(got.at("label_part"), std::vector<double>{0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5},
                 "two channels");
    c.norm.eps = 16.0f;  // 1 / (16 + 16)
    EXPECT_EQ(run(place(), c).at("row_scale")[0], 0.03125);
  }
}

TEST_P(OverlayLabelsTest, AgreesWithTheEquations) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    for (const int32_t channels : {1, 3}) {
      if (shape.cols < channels) continue;
      ++seed;
      const Case c = random_case(dtype, shape, channels, int64_t(1 + seed % 4), seed);
      const Results want = reference(c), got = run(place(), c, layout);
      expect_close(got.at("row_scale"), want.at("row_scale"), kRowScale, "row_scale");
      expect_close(got.at("label_part"), want.at("label_part"), stored(dtype, kLabelPart),
                   "label_part");
    }
  });
}

// --- extremes ------------------------------------------------------------------------------------

TEST_P(OverlayLabelsTest, RowsOfZerosStayRowsOfZeros) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c{dtype, {0, kNeutralLabel}, {0}, 10, 1, 0.0f, {}, 40};
    for (const auto& norm : kNormKinds) {
      c.norm.kind = norm.value;
      expect_equal(run(place(), c).at("label_part"), Matrix(2, 10), "label_part");
    }
  }
}

TEST_P(OverlayLabelsTest, NoRowsAreAllowed) {
  for (const std::size_t images : {0, 3}) {
    Case c;
    c.squares.assign(images, 1.0f);
    EXPECT_EQ(run(place(), c).at("row_scale").size(), 0u);
  }
}

TEST_P(OverlayLabelsTest, NanShowsInTheRowsOfItsImage) {
  Case c = random_case(DType::bf16, {3, 10}, 1, 2, 5);
  c.squares[1] = NAN;
  const Results got = run(place(), c);
  for (int64_t r = 0; r < 6; ++r) {
    EXPECT_EQ(std::isnan(got.at("row_scale")[std::size_t(r)]), r % 3 == 1);
    for (int64_t j = 0; j < 10; ++j) {
      EXPECT_EQ(std::isnan(got.at("label_part").at(r, j)), r % 3 == 1) << r << " " << j;
    }
  }
}

TEST_P(OverlayLabelsTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    OverlayLabels args{memory.input(std::vector<int32_t>(6)),
                       memory.input(std::vector<float>(2)),
                       4,
                       3,
                       1.0f,
                       {},
                       36,
                       memory.output("label_part", DType::f32, 6, 12),
                       memory.output<float>("row_scale", 6)};
    break_it(args);
    EXPECT_THROW(memory.run(kOverlayLabels, args), Error);
  };
  expect_error([](OverlayLabels& a) { a.label.size = 5; });
  expect_error([](OverlayLabels& a) { a.row_scale.size = 7; });
  expect_error([](OverlayLabels& a) { a.squares.size = 0; });
  expect_error([](OverlayLabels& a) { a.squares.size = 4; });
  expect_error([](OverlayLabels& a) { a.label_part.cols = 11; });
  expect_error([](OverlayLabels& a) { a.classes = a.label_part.cols = 0; });
  expect_error([](OverlayLabels& a) { a.channels = a.label_part.cols = 0; });
}

TEST_P(OverlayLabelsTest, SameBitsAlways) {
  const Case c = random_case(DType::bf16, {50, 30}, 3, 6, 6);
  expect_same_bits_always([&] { return run(place(), c); });
}

#ifdef FFWD_TEST_CUDA
using OverlayLabelsCuda = CudaAgainstCpu;

TEST_F(OverlayLabelsCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    ++seed;
    const Case c = random_case(dtype, shape, shape.cols < 3 ? 1 : 3, int64_t(1 + seed % 4), seed);
    const Results want = run(Place::cpu, c, layout), got = run(Place::cuda, c, layout);
    expect_close(got.at("row_scale"), want.at("row_scale"), {0, 2 * kRowScale.relative},
                 "row_scale");
    expect_close(got.at("label_part"), want.at("label_part"),
                 stored_apart(dtype, {0, 2 * kLabelPart.relative}), "label_part");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
