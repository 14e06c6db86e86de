// goodness_gradient: hand-worked rows, the gradient against finite differences of the goodness it
// belongs to, extremes, and CUDA against the CPU twin.
#include "kernels/goodness_gradient.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr Twins<GoodnessGradient> kGoodnessGradient = FFWD_TWINS(goodness_gradient);

struct Case {
  DType dtype = DType::f32;
  Matrix z;
  std::vector<float> bias, slope;
  int64_t pixels = 1;
  Activation activation = Activation::relu;
  Goodness goodness = Goodness::mean_squares;
  bool in_place = false;
  int misaligned = -1;  // see Memory::misalign
};

Matrix run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  memory.misalign(c.misaligned);
  GoodnessGradient args;
  args.bias = memory.input(c.bias);
  args.slope = memory.input(c.slope);
  args.pixels = c.pixels;
  args.activation = c.activation;
  args.goodness_kind = c.goodness;
  if (c.in_place) {
    args.dz = memory.inout("dz", c.dtype, c.z);
    args.z = args.dz;
  } else {
    args.z = memory.input(c.dtype, c.z);
    args.dz = memory.output("dz", c.dtype, c.z.rows, c.z.cols);
  }
  return memory.run(kGoodnessGradient, args).at("dz");
}

// The goodness of row i with element j moved.
double goodness_of(const Case& c, int64_t i, int64_t j, double moved) {
  std::vector<double> y;
  for (int64_t k = 0; k < c.z.cols; ++k) {
    const double a = c.z.at(i, k) + double(c.bias[std::size_t(k)]) + (k == j ? moved : 0.0);
    y.push_back(activation(c.activation, a));
  }
  return goodness(c.goodness, y);
}

Matrix reference(const Case& c) {
  constexpr double kStep = 1e-5;
  Matrix want(c.z.rows, c.z.cols);
  for (int64_t i = 0; i < c.z.rows; ++i) {
    for (int64_t j = 0; j < c.z.cols; ++j) {
      const double slope = (goodness_of(c, i, j, kStep) - goodness_of(c, i, j, -kStep)) / 2 / kStep;
      want.at(i, j) = double(c.slope[std::size_t(i / c.pixels)]) * slope;
    }
  }
  return want;
}

Case random_case(DType dtype, Shape shape, uint64_t seed) {
  Case c;
  c.dtype = dtype;
  c.pixels = shape.rows % 3 == 0 && shape.rows > 0 ? 3 : 1;
  c.z = random_matrix(dtype, shape.rows, shape.cols, seed);
  c.bias = random_vector(shape.cols, seed + 1, -0.5, 0.5);
  c.slope = random_vector(shape.rows / c.pixels, seed + 2);
  c.goodness = kGoodnesses[seed % std::size(kGoodnesses)].value;
  c.activation = kActivations[seed / std::size(kGoodnesses) % std::size(kActivations)].value;
  // Next to a kink, where there is no derivative, z is moved away.
  for (int64_t i = 0; i < c.z.rows; ++i) {
    for (int64_t j = 0; j < c.z.cols; ++j) {
      double& z = c.z.at(i, j);
      if (std::fabs(z + double(c.bias[std::size_t(j)])) < 1e-3) z = rounded(dtype, z + 0.25);
    }
  }
  return c;
}

// z + bias rounds once, relative to itself, and each of at most five products once more.
constexpr Tolerance kBound = {0, 8 * kUnit};

class GoodnessGradientTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(GoodnessGradientTest);

TEST_P(GoodnessGradientTest, HandWorkedRows) {
  Case c;
  c.z = Matrix(4, 2, {1, -1, /**/ 3, 0, /**/ 2, -8, /**/ -4, 5});
  c.bias = {1.0f, 2.0f};  // y = (2, 1), (4, 2), (3, 0), (0, 7)
  c.slope = {0.5f, -2.0f};
  c.pixels = 2;
  for (const DType dtype : {DType::f32, DType::bf16}) {
    c.dtype = dtype;
    expect_equal(run(place(), c), std::vector<double>{1, 0.5, 2, 1, -6, 0, 0, -14}, "dz");
  }
}

TEST_P(GoodnessGradientTest, AgreesWithFiniteDifferences) {
  uint64_t seed = 0;
  for (const auto& goodness : kGoodnesses) {
    for (const auto& activation : kActivations) {
      Case c = random_case(DType::f32, {6, 5}, ++seed);
      c.goodness = goodness.value;
      c.activation = activation.value;
      expect_close(run(place(), c), reference(c), {1e-10, kBound.relative}, "dz");
    }
  }
}

TEST_P(GoodnessGradientTest, AgreesInEveryShapeAndLayout) {
  uint64_t seed = 10;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    if (shape.rows * shape.cols > 3000) return;  // finite differences of wide rows take long
    const Case c = random_case(dtype, shape, ++seed);
    if (shape.rows == 0) {
      EXPECT_EQ(run(place(), c, layout).size(), 0u);
    } else {
      // Both sums of the difference, of terms up to 1.5^2, round in double.
      const double finite = 2 * double(shape.cols) * 2.25 * 0x1p-53 / 1e-5;
      expect_close(run(place(), c, layout), reference(c), stored(dtype, {finite, kBound.relative}),
                   "dz");
    }
  });
}

TEST_P(GoodnessGradientTest, MayOverwriteItsInput) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {9, 300}, 20);
    const Matrix apart = run(place(), c);
    c.in_place = true;
    EXPECT_TRUE(identical(run(place(), c), apart));
  }
}

TEST_P(GoodnessGradientTest, AnyOneOperandMayBeMisaligned) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {3, 40}, 30);
    const Matrix want = run(place(), c);
    for (c.misaligned = 0; c.misaligned < 4; ++c.misaligned) {  // bias, slope, z, dz
      EXPECT_TRUE(identical(run(place(), c), want)) << "operand " << c.misaligned;
    }
  }
}

TEST_P(GoodnessGradientTest, NanShowsInItsElement) {
  Case c = random_case(DType::f32, {3, 70}, 40);
  c.goodness = Goodness::mean_squares;
  c.z.at(1, 69) = kNan;
  const Matrix got = run(place(), c);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 70; ++j) EXPECT_EQ(std::isnan(got.at(i, j)), i == 1 && j == 69);
  }
}

TEST_P(GoodnessGradientTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    GoodnessGradient args{memory.input(DType::f32, Matrix(4, 3, 1.0)),
                          memory.input(std::vector<float>(3)),
                          memory.input(std::vector<float>(2)),
                          2,
                          Activation::relu,
                          Goodness::sum_squares,
                          memory.output("dz", DType::f32, 4, 3)};
    break_it(args);
    EXPECT_THROW(memory.run(kGoodnessGradient, args), Error);
  };
  expect_error([](GoodnessGradient& a) { a.dz.rows = 3; });
  expect_error([](GoodnessGradient& a) { a.dz.cols = 2; });
  expect_error([](GoodnessGradient& a) { a.dz.dtype = DType::bf16; });
  expect_error([](GoodnessGradient& a) { a.bias.size = 2; });
  expect_error([](GoodnessGradient& a) { a.slope.size = 1; });
  expect_error([](GoodnessGradient& a) { a.pixels = 0; });
}

TEST_P(GoodnessGradientTest, SameBitsAlways) {
  const Case c = random_case(DType::f32, {6, 1100}, 50);
  expect_same_bits_always([&] { return Results{{"dz", run(place(), c)}}; });
}

#ifdef FFWD_TEST_CUDA
using GoodnessGradientCuda = CudaAgainstCpu;

TEST_F(GoodnessGradientCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    if (shape.rows == 0) return;
    const Case c = random_case(dtype, shape, ++seed);
    expect_close(run(Place::cuda, c, layout), run(Place::cpu, c, layout),
                 stored_apart(dtype, {0, 2 * kBound.relative}), "dz");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
