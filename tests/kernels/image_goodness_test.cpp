// image_goodness: hand-worked images, every output against the equations written again in double,
// the slope against finite differences of the mean loss, extremes, and CUDA against the CPU twin.
#include "kernels/image_goodness.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr Twins<ImageGoodness> kImageGoodness = FFWD_TWINS(image_goodness);

struct Case {
  Matrix pixels;  // (R, P): the goodness of every pixel
  int64_t positive = 0, negative = 0;
  Goodness kind = Goodness::mean_squares;
  float threshold = 1.0f, temperature = 1.0f;
  bool learns = true;
};

Results run(Place place, const Case& c) {
  Memory memory(place);
  ImageGoodness args{};
  args.pixel_goodness = memory.input(to_vector(c.pixels));
  args.pixels = c.pixels.cols;
  args.goodness_kind = c.kind;
  args.threshold = c.threshold;
  args.temperature = c.temperature;
  args.positive_rows = c.positive;
  args.negative_rows = c.negative;
  args.goodness = memory.output<float>("goodness", c.pixels.rows);
  if (c.learns) {
    args.running = memory.inout_figures("running", Matrix(c.positive + c.negative, 3));
    args.slope = memory.output<float>("slope", c.positive + c.negative);
  }
  return memory.run(kImageGoodness, args);
}

double goodness_of(const Case& c, int64_t r, double moved = 0.0) {
  double sum = moved;
  for (int64_t p = 0; p < c.pixels.cols; ++p) sum += c.pixels.at(r, p);
  return is_mean_over_row(c.kind) ? sum / double(c.pixels.cols) : sum;
}

// The loss of image r with the goodness of one of its pixels moved.
double loss_of(const Case& c, int64_t r, double moved = 0.0) {
  return row_loss(goodness_of(c, r, moved), r < c.positive ? 1.0 : -1.0, double(c.threshold),
                  double(c.temperature));
}

Results reference(const Case& c) {
  const int64_t learning = c.positive + c.negative;
  Results want{{"goodness", Matrix(1, c.pixels.rows)},
               {"running", Matrix(1, 3 * learning)},
               {"slope", Matrix(1, learning)}};
  for (int64_t r = 0; r < c.pixels.rows; ++r) {
    want["goodness"].at(0, r) = goodness_of(c, r);
    if (r >= learning) continue;
    const bool positive = r < c.positive;
    want["running"].at(0, 3 * r) = loss_of(c, r) / double(learning);
    want["running"].at(0, 3 * r + (positive ? 1 : 2)) =
        goodness_of(c, r) / double(positive ? c.positive : c.negative);
    constexpr double kStep = 1e-5;  // its own error is some 1e-10
    want["slope"].at(0, r) =
        (loss_of(c, r, kStep) - loss_of(c, r, -kStep)) / (2 * kStep) / double(learning);
  }
  return want;
}

Case random_case(Shape shape, uint64_t seed) {
  Case c;
  c.pixels = random_matrix(DType::f32, shape.rows, shape.cols, seed, 0.0, 1.0);
  c.positive = (shape.rows + 1) / 2;
  c.negative = shape.rows / 3;
  c.kind = kGoodnesses[seed % std::size(kGoodnesses)].value;
  c.threshold = is_mean_over_row(c.kind) ? 0.5f : 0.5f * float(shape.cols);
  c.temperature = 0.25f * c.threshold;
  return c;
}

// A sum of n values, none negative, is off by at most (n + 1) u of itself in any order; loss and
// the logarithm of its slope inherit the absolute error of (G - threshold) / temperature.
void expect_results(const Results& got, const Results& want, const Case& c, double sides) {
  const double sum = sides * (double(c.pixels.cols) + 2) * kUnit, few = sides * 8 * kUnit;
  const double top = largest(want.at("goodness"));
  const double m = (sum * top + few * (top + double(c.threshold))) / double(c.temperature);
  expect_close(got.at("goodness"), want.at("goodness"), {0, sum}, "goodness");
  // Losses are divided by the rows, goodness by fewer of them.
  const double rows = std::fmax(1.0, double(c.positive + c.negative));
  expect_close(got.at("running"), want.at("running"), {(m + few) / rows, sum + few}, "running");
  expect_close(got.at("slope"), want.at("slope"), {1e-9, m + 2 * few}, "slope");
}

class ImageGoodnessTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(ImageGoodnessTest);

TEST_P(ImageGoodnessTest, HandWorkedImages) {
  Case c;
  c.pixels = Matrix(3, 2, {1, 3, /**/ 0, 4, /**/ 5, 7});
  c.positive = c.negative = 1;
  c.threshold = 2.0f;
  c.temperature = 0.5f;
  const Results got = run(place(), c);
  expect_equal(got.at("goodness"), std::vector<double>{2, 2, 6}, "goodness");
  // At the threshold the losses are ln 2 and their slopes -+1/2 / temperature / 2 pixels / 2 rows.
  const double half = std::log(2.0) / 2;  // of the mean over two rows
  expect_close(got.at("running"), std::vector<double>{half, 2, 0, /**/ half, 0, 2}, {0, 2 * kUnit},
               "running");
  expect_equal(got.at("slope"), std::vector<double>{-0.25, 0.25}, "slope");
}

TEST_P(ImageGoodnessTest, AgreesWithTheEquationsAndTheirFiniteDifferences) {
  uint64_t seed = 0;
  for (const Shape shape : kShapes) {
    for (int kind = 0; kind < int(std::size(kGoodnesses)); ++kind) {
      const Case c = random_case(shape, ++seed);
      SCOPED_TRACE(std::to_string(shape.rows) + " x " + std::to_string(shape.cols));
      if (shape.rows == 0) {
        EXPECT_EQ(run(place(), c).at("goodness").size(), 0u);
      } else {
        expect_results(run(place(), c), reference(c), c, 1.0);
      }
    }
  }
}

TEST_P(ImageGoodnessTest, SumsOfIntegersAreExact) {
  for (const Shape shape : kShapes) {
    Case c = random_case(shape, 1);
    c.kind = Goodness::sum_squares;
    c.pixels = random_integers(shape.rows, shape.cols, 2, 9);
    expect_equal(run(place(), c).at("goodness"), reference(c).at("goodness"), "goodness");
  }
}

TEST_P(ImageGoodnessTest, InferenceGivesTheSameGoodness) {
  Case c = random_case({9, 70}, 3);
  const Matrix learning = run(place(), c).at("goodness");
  c.learns = false;
  const Results got = run(place(), c);
  EXPECT_EQ(got.size(), 1u);
  EXPECT_TRUE(identical(got.at("goodness"), learning));
}

TEST_P(ImageGoodnessTest, NanShowsInItsImageAndNowhereElse) {
  Case c = random_case({6, 70}, 4);
  c.pixels.at(1, 69) = kNan;
  const Results got = run(place(), c);
  for (int64_t r = 0; r < 6; ++r) {
    EXPECT_EQ(std::isnan(got.at("goodness").at(0, r)), r == 1);
    if (r >= c.positive + c.negative) continue;
    EXPECT_EQ(std::isnan(got.at("running").at(0, 3 * r)), r == 1);
    EXPECT_EQ(std::isnan(got.at("slope").at(0, r)), r == 1);
  }
}

TEST_P(ImageGoodnessTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    ImageGoodness args{memory.input(std::vector<float>(6)),
                       2,
                       Goodness::mean_squares,
                       1.0f,
                       1.0f,
                       1,
                       1,
                       memory.output<float>("goodness", 3),
                       memory.output<float>("slope", 2),
                       memory.inout_figures("running", Matrix(2, 3))};
    break_it(args);
    EXPECT_THROW(memory.run(kImageGoodness, args), Error);
  };
  expect_error([](ImageGoodness& a) { a.pixels = 0; });
  expect_error([](ImageGoodness& a) { a.pixel_goodness.size = 5; });
  expect_error([](ImageGoodness& a) { a.positive_rows = -1, a.negative_rows = 3; });
  expect_error([](ImageGoodness& a) { a.negative_rows = -1, a.positive_rows = 3; });
  expect_error([](ImageGoodness& a) { a.negative_rows = 3; });
  expect_error([](ImageGoodness& a) { a.slope = {}; });
  expect_error([](ImageGoodness& a) { a.running.size = 1; });
  expect_error([](ImageGoodness& a) { a.slope.size = 1; });
  expect_error([](ImageGoodness& a) { a.temperature = 0.0f; });
}

TEST_P(ImageGoodnessTest, SameBitsAlways) {
  const Case c = random_case({5, 1100}, 5);
  expect_same_bits_always([&] { return run(place(), c); });
}

#ifdef FFWD_TEST_CUDA
using ImageGoodnessCuda = CudaAgainstCpu;

TEST_F(ImageGoodnessCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for (const Shape shape : kShapes) {
    if (shape.rows == 0) continue;
    const Case c = random_case(shape, ++seed);
    expect_results(run(Place::cuda, c), run(Place::cpu, c), c, 2.0);
  }
}
#endif

}  // namespace
}  // namespace ffwd::test
