// spread_rows: hand-worked rows, exact sums of small integers over every shape and layout, the
// equation written again in double, extremes, and CUDA against the CPU twin. fold_rows_test.cpp
// proves that the two are adjoint.
#include "kernels/spread_rows.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<SpreadRows> kSpreadRows = FFWD_TWINS(spread_rows);

struct Case {
  DType dtype = DType::f32;
  Matrix base;
  std::vector<float> row_scale;
  Matrix z;
};

Matrix run(Place place, const Case& c, Layout base_layout, Layout z_layout) {
  Memory memory(place, base_layout);
  SpreadRows args;
  args.base = memory.input(c.dtype, c.base);
  args.row_scale = memory.input(c.row_scale);
  memory.lay_out(z_layout);
  args.z = memory.inout("z", c.dtype, c.z);
  return memory.run(kSpreadRows, args).at("z");
}

Matrix run(Place place, const Case& c, Layout layout = {}) {
  return run(place, c, layout, layout);
}

Matrix reference(const Case& c) {
  Matrix z = c.z;
  int64_t i = 0;
  for (int64_t r = 0; r < z.rows; ++r) {
    for (int64_t j = 0; j < z.cols; ++j) {
      z.at(r, j) += double(c.row_scale[std::size_t(r)]) * c.base.at(i, j);
    }
    if (++i == c.base.rows) i = 0;
  }
  return z;
}

// `shape` is that of base, and every row of it is shared by `shows` rows of z.
Case random_case(DType dtype, Shape shape, int64_t shows, uint64_t seed) {
  const int64_t rows = shows * shape.rows;
  return {dtype, random_matrix(dtype, shape.rows, shape.cols, seed),
          random_vector(rows, seed + 1, 0.5, 2.0),
          random_matrix(dtype, rows, shape.cols, seed + 2)};
}

// |z + s * b| <= 16 + 8 * 15: exact in bf16 too.
Case integer_case(DType dtype, Shape shape, int64_t shows, uint64_t seed) {
  const int64_t rows = shows * shape.rows;
  return {dtype, random_integers(shape.rows, shape.cols, seed, 15),
          to_vector(random_integers(1, rows, seed + 1, 8)),
          random_integers(rows, shape.cols, seed + 2, 16)};
}

// |z|, |base| <= 1 and row_scale <= 2: the product rounds to u of 2, the sum, which may cancel, to
// u of 3, ABSOLUTE; fused, the product does not round at all.
Tolerance bound(double sides = 1.0) {
  return {sides * (2 + 3) * kUnit, 0};
}

class SpreadRowsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(SpreadRowsTest);

TEST_P(SpreadRowsTest, HandWorkedRows) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Case c{dtype,
                 Matrix(2, 2, {1, 2, /**/ 4, -8}),
                 {1.0f, 0.5f, -2.0f, 0.0f},
                 Matrix(4, 2, {10, 20, /**/ 30, 40, /**/ 50, 60, /**/ 70, 80})};
    // Row 0 of base goes to rows 0 and 2, row 1 to rows 1 and 3.
    expect_equal(run(place(), c), std::vector<double>{11, 22, 32, 36, 48, 56, 70, 80}, "z");
  }
}

TEST_P(SpreadRowsTest, IntegersAreExact) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = integer_case(dtype, shape, int64_t(1 + seed % 4), seed);
    ++seed;
    expect_equal(run(place(), c, layout), reference(c), "z");
  });
}

// Every operand may be misaligned alone.
TEST_P(SpreadRowsTest, OperandsLieAsTheyLike) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Case c = integer_case(dtype, {3, 40}, 2, 1);
    for (const Layout base_layout : kLayouts) {
      for (const Layout z_layout : kLayouts) {
        expect_equal(run(place(), c, base_layout, z_layout), reference(c), "z");
      }
    }
  }
}

TEST_P(SpreadRowsTest, AgreesWithTheEquation) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = random_case(dtype, shape, int64_t(1 + seed % 4), seed);
    ++seed;
    expect_close(run(place(), c, layout), reference(c), stored(dtype, bound()), "z");
  });
}

TEST_P(SpreadRowsTest, NothingToAddChangesNothing) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {3, 70}, 2, 2);
    c.row_scale.assign(6, 0.0f);
    expect_equal(run(place(), c), c.z, "scales of zero");
    c = random_case(dtype, {3, 70}, 2, 3);
    c.base = Matrix(3, 70);
    expect_equal(run(place(), c), c.z, "rows of zeros");
  }
}

TEST_P(SpreadRowsTest, NoRowsAreAllowed) {
  for (const int64_t images : {0, 3}) {
    const Case c{DType::f32, Matrix(images, 40, 1.0), {}, Matrix(0, 40)};
    EXPECT_EQ(run(place(), c).size(), 0u);
  }
}

TEST_P(SpreadRowsTest, NanShowsWhereItMatters) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {3, 70}, 2, 4);
    c.base.at(1, 69) = kNan;  // shared by rows 1 and 4
    c.row_scale[4] = 0.0f;    // which does not hide it
    c.row_scale[3] = NAN;
    c.z.at(2, 5) = kNan;
    const Matrix z = run(place(), c);
    for (int64_t r = 0; r < 6; ++r) {
      for (int64_t j = 0; j < 70; ++j) {
        const bool nan = r == 3 || (r % 3 == 1 && j == 69) || (r == 2 && j == 5);
        ASSERT_EQ(std::isnan(z.at(r, j)), nan) << r << " " << j;
      }
    }
  }
}

TEST_P(SpreadRowsTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    SpreadRows args{memory.input(DType::f32, Matrix(2, 4, 1.0)),
                    memory.input(std::vector<float>(6)),
                    memory.inout("z", DType::f32, Matrix(6, 4, 1.0))};
    break_it(args);
    EXPECT_THROW(memory.run(kSpreadRows, args), Error);
  };
  expect_error([](SpreadRows& a) { a.base.cols = 3; });
  expect_error([](SpreadRows& a) { a.base.dtype = DType::bf16; });
  expect_error([](SpreadRows& a) { a.z.dtype = DType::bf16; });
  expect_error([](SpreadRows& a) { a.base.rows = 0; });
  expect_error([](SpreadRows& a) { a.row_scale.size = 7; });
  expect_error([](SpreadRows& a) { a.z.rows = a.row_scale.size = 5; });
}

TEST_P(SpreadRowsTest, SameBitsAlways) {
  const Case c = random_case(DType::bf16, {3, 700}, 2, 6);
  expect_same_bits_always([&] { return Results{{"z", run(place(), c)}}; });
}

#ifdef FFWD_TEST_CUDA
using SpreadRowsCuda = CudaAgainstCpu;

TEST_F(SpreadRowsCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = random_case(dtype, shape, int64_t(1 + seed % 4), seed);
    ++seed;
    expect_close(run(Place::cuda, c, layout), run(Place::cpu, c, layout),
                 stored_apart(dtype, bound(2.0)), "z");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
