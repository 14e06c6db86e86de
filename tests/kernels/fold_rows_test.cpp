// fold_rows: hand-worked sums, exact sums of small integers over every shape and layout, the
// equation written again in double, extremes, and CUDA against the CPU twin.
#include "kernels/fold_rows.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<FoldRows> kFoldRows = FFWD_TWINS(fold_rows);

struct Case {
  DType dtype = DType::f32;
  Matrix dz;
  std::vector<float> row_scale;
  int64_t images = 0;
};

Matrix run(Place place, const Case& c, Layout dz_layout, Layout folded_layout) {
  Memory memory(place, dz_layout);
  FoldRows args;
  args.dz = memory.input(c.dtype, c.dz);
  args.row_scale = memory.input(c.row_scale);
  memory.lay_out(folded_layout);
  args.folded = memory.output("folded", c.dtype, c.images, c.dz.cols);
  return memory.run(kFoldRows, args).at("folded");
}

Matrix run(Place place, const Case& c, Layout layout = {}) {
  return run(place, c, layout, layout);
}

Matrix reference(const Case& c) {
  Matrix folded(c.images, c.dz.cols);
  int64_t i = 0;
  for (int64_t r = 0; r < c.dz.rows; ++r) {
    for (int64_t j = 0; j < c.dz.cols; ++j) {
      folded.at(i, j) += double(c.row_scale[std::size_t(r)]) * c.dz.at(r, j);
    }
    if (++i == c.images) i = 0;
  }
  return folded;
}

// `shape` is that of folded, and `shows` rows of dz belong to every row of it.
Case random_case(DType dtype, Shape shape, int64_t shows, uint64_t seed) {
  const int64_t rows = shows * shape.rows;
  return {dtype, random_matrix(dtype, rows, shape.cols, seed),
          random_vector(rows, seed + 1, 0.5, 2.0), shape.rows};
}

// Sums of up to 4 products stay within 4 * 9 * 7 < 256: exact in bf16 too.
Case integer_case(DType dtype, Shape shape, int64_t shows, uint64_t seed) {
  const int64_t rows = shows * shape.rows;
  return {dtype, random_integers(rows, shape.cols, seed, 7),
          to_vector(random_integers(1, rows, seed + 1, 9)), shape.rows};
}

// A sum of n products, in any order, is off by at most (n + 1) u times the sum of their magnitudes,
// each at most 1 * 2. ABSOLUTE: it may cancel.
Tolerance bound(int64_t shows, double sides = 1.0) {
  return {sides * double(shows + 1) * kUnit * double(shows) * 2, 0};
}

class FoldRowsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(FoldRowsTest);

TEST_P(FoldRowsTest, HandWorkedSums) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c{dtype,
           Matrix(4, 2, {1, 2, /**/ 4, -8, /**/ 16, 32, /**/ 64, 128}),
           {1.0f, 0.5f, -2.0f, 0.25f},
           2};
    // Rows 0 and 2 fold into row 0, rows 1 and 3 into row 1.
    expect_equal(run(place(), c), std::vector<double>{-31, -62, 18, 28}, "2 images");
    c.images = 1;
    expect_equal(run(place(), c), std::vector<double>{-13, -34}, "1 image");
    c.images = 4;
    expect_equal(run(place(), c), std::vector<double>{1, 2, 2, -4, -32, -64, 16, 32}, "4 images");
  }
}

TEST_P(FoldRowsTest, SumsOfIntegersAreExact) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const Case c = integer_case(dtype, shape, int64_t(1 + seed % 4), seed);
    ++seed;
    expect_equal(run(place(), c, layout), reference(c), "folded");
  });
}

// Every operand may be misaligned alone.
TEST_P(FoldRowsTest, OperandsLieAsTheyLike) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    const Case c = integer_case(dtype, {3, 40}, 2, 1);
    for (const Layout dz_layout : kLayouts) {
      for (const Layout folded_layout : kLayouts) {
        expect_equal(run(place(), c, dz_layout, folded_layout), reference(c), "folded");
      }
    }
  }
}

TEST_P(FoldRowsTest, AgreesWithTheEquation) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const int64_t shows = int64_t(1 + seed % 12);
    const Case c = random_case(dtype, shape, shows, seed);
    ++seed;
    expect_close(run(place(), c, layout), reference(c), stored(dtype, bound(shows)), "folded");
  });
}

// --- extremes ------------------------------------------------------------------------------------

TEST_P(FoldRowsTest, NoRowsFoldIntoZeros) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const int64_t images : {0, 3}) {
      const Case c{dtype, Matrix(0, 300), {}, images};
      expect_equal(run(place(), c), Matrix(images, 300), "folded");
    }
  }
}

TEST_P(FoldRowsTest, RowsOfZerosFoldIntoZeros) {
  const Case c{DType::f32, Matrix(6, 300), std::vector<float>(6, 1e8f), 3};
  expect_equal(run(place(), c), Matrix(3, 300), "folded");
}

TEST_P(FoldRowsTest, NanShowsWhereItMatters) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {3, 300}, 2, 4);
    c.dz.at(4, 299) = kNan;  // of image 1
    c.row_scale[4] = 0.0f;   // which does not hide it
    c.row_scale[2] = NAN;    // all of image 2
    const Matrix folded = run(place(), c);
    for (int64_t i = 0; i < 3; ++i) {
      for (int64_t j = 0; j < 300; ++j) {
        ASSERT_EQ(std::isnan(folded.at(i, j)), i == 2 || (i == 1 && j == 299)) << i << " " << j;
      }
    }
  }
}

TEST_P(FoldRowsTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    FoldRows args{memory.input(DType::f32, Matrix(6, 4, 1.0)), memory.input(std::vector<float>(6)),
                  memory.output("folded", DType::f32, 2, 4)};
    break_it(args);
    EXPECT_THROW(memory.run(kFoldRows, args), Error);
  };
  expect_error([](FoldRows& a) { a.folded.cols = 3; });
  expect_error([](FoldRows& a) { a.folded.dtype = DType::bf16; });
  expect_error([](FoldRows& a) { a.dz.dtype = DType::bf16; });
  expect_error([](FoldRows& a) { a.folded.rows = 0; });
  expect_error([](FoldRows& a) { a.row_scale.size = 7; });
  expect_error([](FoldRows& a) { a.dz.rows = a.row_scale.size = 5; });
}

TEST_P(FoldRowsTest, SameBitsAlways) {
  const Case c = random_case(DType::bf16, {3, 700}, 3, 6);
  expect_same_bits_always([&] { return Results{{"folded", run(place(), c)}}; });
}

#ifdef FFWD_TEST_CUDA
using FoldRowsCuda = CudaAgainstCpu;

TEST_F(FoldRowsCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    const int64_t shows = int64_t(1 + seed % 12);
    const Case c = random_case(dtype, shape, shows, seed);
    ++seed;
    expect_close(run(Place::cuda, c, layout), run(Place::cpu, c, layout),
                 stored_apart(dtype, bound(shows, 2.0)), "folded");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
