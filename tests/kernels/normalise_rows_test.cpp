// normalise_rows: hand-worked rows, both norms against the equation written again in double,
// extremes, and CUDA against the CPU twin.
#include "kernels/normalise_rows.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"
#include "tests/kernels/reference.h"

namespace ffwd::test {
namespace {

constexpr Twins<NormaliseRows> kNormaliseRows = FFWD_TWINS(normalise_rows);

Matrix run(Place place, DType dtype, const Matrix& x, Norm norm, Layout layout = {},
           bool in_place = false, int misaligned = -1) {
  Memory memory(place, layout);
  memory.misalign(misaligned);
  NormaliseRows args;
  args.norm = norm;
  if (in_place) {
    args.x_hat = memory.inout("x_hat", dtype, x);
    args.x = args.x_hat;
  } else {
    args.x = memory.input(dtype, x);
    args.x_hat = memory.output("x_hat", dtype, x.rows, x.cols);
  }
  return memory.run(kNormaliseRows, args).at("x_hat");
}

Matrix reference(const Matrix& x, Norm norm) {
  Matrix want(x.rows, x.cols);
  for (int64_t i = 0; i < x.rows; ++i) {
    std::vector<double> row;
    for (int64_t j = 0; j < x.cols; ++j) row.push_back(x.at(i, j));
    for (int64_t j = 0; j < x.cols; ++j) want.at(i, j) = x.at(i, j) / length(norm, row);
  }
  return want;
}

// A sum of n squares is off by at most (n + 1) u of itself in any order, its root by half of that;
// root, eps, quotient and product round once each, the mean once more.
Tolerance bound(const Matrix& x, double sides = 1.0) {
  return {0, sides * (double(x.cols) / 2 + 6) * kUnit};
}

class NormaliseRowsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(NormaliseRowsTest);

TEST_P(NormaliseRowsTest, HandWorkedRows) {
  const Matrix x(2, 2, {3.0, -4.0, /**/ 1.0, 7.0});
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Tolerance few = stored(dtype, {0, 4 * kUnit});
    // Lengths 5 and sqrt(50); with eps = 5 twice the first.
    const double root = std::sqrt(50.0);
    expect_close(run(place(), dtype, x, {NormKind::l2, 0.0f}),
                 std::vector<double>{0.6, -0.8, 1 / root, 7 / root}, few, "l2");
    expect_close(run(place(), dtype, Matrix(1, 2, {3.0, -4.0}), {NormKind::l2, 5.0f}),
                 std::vector<double>{0.3, -0.4}, few, "l2 with eps");
    // Mean squares 12.5 and 25.
    expect_close(run(place(), dtype, x, {NormKind::rms, 0.0f}),
                 std::vector<double>{3 / std::sqrt(12.5), -4 / std::sqrt(12.5), 0.2, 1.4}, few,
                 "rms");
  }
}

TEST_P(NormaliseRowsTest, AgreesWithTheEquation) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Matrix x = random_matrix(dtype, shape.rows, shape.cols, ++seed);
    const Norm norm = {kNormKinds[seed % std::size(kNormKinds)].value,
                       seed % 2 == 0 ? 0.5f : 1e-8f};
    expect_close(run(place(), dtype, x, norm, layout), reference(x, norm), stored(dtype, bound(x)),
                 "x_hat");
  });
}

// Every element is the same power of two, and so is the width: nothing rounds, and a lost or
// doubled element would show.
TEST_P(NormaliseRowsTest, PowersOfTwoAreExact) {
  for (const int64_t width : {4, 64, 1024, 4096}) {
    const Matrix x(3, width, 4.0);
    for (const Layout layout : kLayouts) {
      expect_equal(run(place(), DType::f32, x, {NormKind::l2, 0.0f}, layout),
                   Matrix(3, width, 1 / std::sqrt(double(width))), "l2");
      expect_equal(run(place(), DType::bf16, x, {NormKind::rms, 0.0f}, layout),
                   Matrix(3, width, 1.0), "rms");
    }
  }
}

TEST_P(NormaliseRowsTest, EitherMatrixMayBeMisaligned) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Matrix x = random_matrix(dtype, 3, 40, 2), want = run(place(), dtype, x, {});
    for (const int misaligned : {0, 1}) {
      EXPECT_TRUE(identical(run(place(), dtype, x, {}, {}, false, misaligned), want));
    }
  }
}

TEST_P(NormaliseRowsTest, MayOverwriteItsInput) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Matrix x = random_matrix(dtype, 5, 777, 1);
    EXPECT_TRUE(identical(run(place(), dtype, x, {}, {3, 1}, true),
                          run(place(), dtype, x, {}, {3, 1}, false)));
  }
}

TEST_P(NormaliseRowsTest, Extremes) {
  const Matrix zeros(2, 37);
  expect_equal(run(place(), DType::f32, zeros, {}), zeros, "rows of zeros");

  Matrix with_nan(3, 70, 1.0);
  with_nan.at(1, 69) = kNan;
  const Matrix got = run(place(), DType::f32, with_nan, {});
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 70; ++j) EXPECT_EQ(std::isnan(got.at(i, j)), i == 1);
  }
}

TEST_P(NormaliseRowsTest, BrokenContractsThrow) {
  Memory memory(place());
  const ConstMatrixView x = memory.input(DType::f32, Matrix(2, 3, 1.0));
  const MatrixView x_hat = memory.output("x_hat", DType::f32, 2, 3);
  for (const MatrixView& wrong :
       {MatrixView{x_hat.data, DType::bf16, 2, 3, 3}, MatrixView{x_hat.data, DType::f32, 1, 3, 3},
        MatrixView{x_hat.data, DType::f32, 2, 2, 3}}) {
    EXPECT_THROW(memory.run(kNormaliseRows, {x, {}, wrong}), Error);
  }
}

TEST_P(NormaliseRowsTest, SameBitsAlways) {
  const Matrix x = random_matrix(DType::f32, 5, 1100, 3);
  expect_same_bits_always([&] { return Results{{"x_hat", run(place(), DType::f32, x, {})}}; });
}

#ifdef FFWD_TEST_CUDA
using NormaliseRowsCuda = CudaAgainstCpu;

TEST_F(NormaliseRowsCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Matrix x = random_matrix(dtype, shape.rows, shape.cols, ++seed);
    expect_close(run(Place::cuda, dtype, x, {}, layout), run(Place::cpu, dtype, x, {}, layout),
                 stored_apart(dtype, bound(x, 2.0)), "x_hat");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
