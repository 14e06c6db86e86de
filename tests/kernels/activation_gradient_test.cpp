// activation_gradient: hand-worked values, finite differences of the activations written again in
// double over every shape and layout, extremes, and CUDA against the CPU twin.
#include "kernels/activation_gradient.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr Twins<ActivationGradient> kActivationGradient = FFWD_TWINS(activation_gradient);

struct Case {
  DType dtype = DType::f32;
  Activation activation = Activation::relu;
  Matrix y, dy;
  bool in_place = false;
  int misaligned = -1;  // see Memory::misalign
};

Matrix run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  memory.misalign(c.misaligned);
  ActivationGradient args;
  args.activation = c.activation;
  args.y = memory.input(c.dtype, c.y);
  if (c.in_place) {
    const MatrixView dy = memory.inout("dz", c.dtype, c.dy);
    args.dy = dy;
    args.dz = dy;
  } else {
    args.dy = memory.input(c.dtype, c.dy);
    args.dz = memory.output("dz", c.dtype, c.dy.rows, c.dy.cols);
  }
  return memory.run(kActivationGradient, args).at("dz");
}

// Sums a before the activation, no nearer to its kink at 0 than the step of a difference.
Matrix random_sums(Shape shape, uint64_t seed) {
  Matrix a = random_matrix(DType::f32, shape.rows, shape.cols, seed);
  for (double& value : a.values) value += value < 0 ? -0.01 : 0.01;
  return a;
}

// y = f(a) as a layer stores it.
Case case_of(DType dtype, Activation f, const Matrix& a, uint64_t seed) {
  Case c{dtype, f, a, random_matrix(dtype, a.rows, a.cols, seed)};
  for (double& value : c.y.values) value = rounded(dtype, activation(f, value));
  return c;
}

// dy times a central difference of f. f is linear on both sides of its kink, so the difference is
// exact but for 1e-16 / 1e-5 of rounding.
Matrix reference(const Case& c, const Matrix& a) {
  constexpr double kStep = 1e-5;
  Matrix dz = c.dy;
  for (std::size_t i = 0; i < dz.size(); ++i) {
    dz.values[i] *=
        (activation(c.activation, a[i] + kStep) - activation(c.activation, a[i] - kStep)) /
        (2 * kStep);
  }
  return dz;
}

// One product, or none: u of the result; the difference adds 1e-10 of dy, at most 1.
const Tolerance kBound{1e-10, 2 * kUnit};

class ActivationGradientTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(ActivationGradientTest);

TEST_P(ActivationGradientTest, HandWorkedValues) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c{dtype, Activation::relu, Matrix(2, 2, {3, 0, /**/ 0.5, 0}),
           Matrix(2, 2, {7, 5, /**/ -2, -4})};
    expect_equal(run(place(), c), std::vector<double>{7, 0, -2, 0}, "relu");
    c.activation = Activation::leaky_relu;
    c.y = Matrix(2, 2, {3, -0.25, /**/ 0.5, -4});
    const double below = rounded(dtype, 0.01f * 5.0f), below_too = rounded(dtype, 0.01f * -4.0f);
    expect_equal(run(place(), c), std::vector<double>{7, below, -2, below_too}, "leaky relu");
  }
}

TEST_P(ActivationGradientTest, AgreesWithFiniteDifferences) {
  uint64_t seed = 0;
  for (const auto& f : kActivations) {
    for_each_case([&](DType dtype, Shape shape, Layout layout) {
      const Matrix a = random_sums(shape, ++seed);
      Case c = case_of(dtype, f.value, a, seed + 1000);
      c.in_place = seed % 2 == 0;
      const Matrix got = run(place(), c, layout), want = reference(c, a);
      if (largest(want) == 0.0) return expect_equal(got, want, "dz");  // all on the flat side
      expect_close(got, want, stored(dtype, kBound), "dz");
    });
  }
}

// Every operand may be misaligned alone.
TEST_P(ActivationGradientTest, OperandsLieAsTheyLike) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Matrix a = random_sums({3, 40}, 1);
    Case c = case_of(dtype, Activation::leaky_relu, a, 2);
    for (c.misaligned = 0; c.misaligned < 3; ++c.misaligned) {
      expect_close(run(place(), c), reference(c, a), stored(dtype, kBound), "dz");
    }
  }
}

TEST_P(ActivationGradientTest, NanShowsWhereItMatters) {
  Case c = case_of(DType::f32, Activation::relu, random_sums({3, 300}, 4), 5);
  c.dy.at(1, 299) = kNan;
  const Matrix dz = run(place(), c);
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 300; ++j) {
      ASSERT_EQ(std::isnan(dz.at(i, j)), i == 1 && j == 299) << i << " " << j;
    }
  }
}

TEST_P(ActivationGradientTest, SameBitsAlways) {
  const Case c = case_of(DType::bf16, Activation::leaky_relu, random_sums({3, 700}, 6), 7);
  expect_same_bits_always([&] { return Results{{"dz", run(place(), c)}}; });
}

TEST_P(ActivationGradientTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    ActivationGradient args{memory.input(DType::f32, Matrix(6, 4, 1.0)),
                            memory.input(DType::f32, Matrix(6, 4, 1.0)), Activation::relu,
                            memory.output("dz", DType::f32, 6, 4)};
    break_it(args);
    EXPECT_THROW(memory.run(kActivationGradient, args), Error);
  };
  expect_error([](ActivationGradient& a) { a.y.cols = 3; });
  expect_error([](ActivationGradient& a) { a.y.dtype = DType::bf16; });
  expect_error([](ActivationGradient& a) { a.dy.rows = 5; });
  expect_error([](ActivationGradient& a) { a.dy.dtype = DType::bf16; });
  expect_error([](ActivationGradient& a) { a.dz.rows = 5; });
}

#ifdef FFWD_TEST_CUDA
using ActivationGradientCuda = CudaAgainstCpu;

TEST_F(ActivationGradientCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Matrix a = random_sums(shape, ++seed);
    const Case c = case_of(dtype, Activation::leaky_relu, a, seed + 1000);
    if (c.dy.size() == 0) return;
    expect_close(run(Place::cuda, c, layout), run(Place::cpu, c, layout),
                 stored_apart(dtype, kBound), "dz");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
