// column_sum: hand-worked sums, exact sums of small integers over every chunk and tail, sums
// against double, extremes, and CUDA against the CPU twin.
#include "kernels/column_sum.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<ColumnSum> kColumnSum = FFWD_TWINS(column_sum);

struct Case {
  DType dtype = DType::f32;
  Matrix a;
  std::vector<float> weight;  // empty: absent
  float factor = 1.0f;
};

Matrix run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  ColumnSum args;
  args.a = memory.input(c.dtype, c.a);
  if (!c.weight.empty()) args.weight = memory.input(c.weight);
  args.factor = c.factor;
  args.sum = memory.output<float>("sum", c.a.cols);
  args.scratch = memory.output<float>("scratch", column_sum_scratch(c.a.rows, c.a.cols));
  return memory.run(kColumnSum, args).at("sum");
}

Matrix reference(const Case& c) {
  Matrix sum(1, c.a.cols);
  for (int64_t i = 0; i < c.a.rows; ++i) {
    const double weight = c.weight.empty() ? 1.0 : double(c.weight[std::size_t(i)]);
    for (int64_t j = 0; j < c.a.cols; ++j) sum.at(0, j) += double(c.factor) * weight * c.a.at(i, j);
  }
  return sum;
}

// A sum of n products, in any order, is off by at most (n + 1) u times the sum of their magnitudes.
double bound(const Case& c) {
  double top = 0.0;
  for (const float weight : c.weight) top = std::fmax(top, std::fabs(double(weight)));
  const double terms = double(c.a.rows) * largest(c.a) * (c.weight.empty() ? 1.0 : top);
  return (double(c.a.rows) + 1) * kUnit * terms * std::fabs(double(c.factor));
}

class ColumnSumTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(ColumnSumTest);

TEST_P(ColumnSumTest, HandWorkedSums) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c{dtype, Matrix(3, 2, {1, 2, /**/ 3, 4, /**/ 5, -6}), {}, 1.0f};
    expect_equal(run(place(), c), std::vector<double>{9, 0}, "plain");
    c.factor = -0.5f;
    expect_equal(run(place(), c), std::vector<double>{-4.5, 0}, "with a factor");
    c.weight = {1, 10, 100};
    expect_equal(run(place(), c), std::vector<double>{-265.5, 279}, "weighted");
  }
}

TEST_P(ColumnSumTest, SumsOfIntegersAreExact) {
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    Case c{dtype, random_integers(shape.rows, shape.cols, 1, 100), {}, 2.0f};
    expect_equal(run(place(), c, layout), reference(c), "plain");
    c.weight = to_vector(random_integers(1, shape.rows, 2, 9));
    expect_equal(run(place(), c, layout), reference(c), "weighted");
  });
}

// Narrow rows, of which a warp reads several at a time, and numbers of rows around a chunk's.
TEST_P(ColumnSumTest, SumsOfIntegersAreExactOverEveryNumberOfChunks) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const int64_t rows : {1, 8, 9, 255, 256, 257, 512, 513, 1000}) {
      for (const int64_t cols : {1, 3, 16, 64, 65}) {
        SCOPED_TRACE(std::to_string(rows) + " x " + std::to_string(cols));
        Case c{dtype, random_integers(rows, cols, uint64_t(rows), 100), {}, 1.0f};
        expect_equal(run(place(), c), reference(c), "plain");
        c.weight = to_vector(random_integers(1, rows, 2, 9));
        expect_equal(run(place(), c), reference(c), "weighted");
      }
    }
  }
}

TEST_P(ColumnSumTest, ChunksGrowBeforeTheyAreTooMany) {
  const int64_t most = kSmallestColumnSumChunk * kMostColumnSumChunks;
  EXPECT_EQ(column_sum_chunk(most), kSmallestColumnSumChunk);
  EXPECT_EQ(column_sum_chunk(most + 1), kSmallestColumnSumChunk + 1);
  EXPECT_EQ(column_sum_scratch(most, 3), 3 * kMostColumnSumChunks);
  EXPECT_EQ(column_sum_scratch(most + 1, 3), 3 * kMostColumnSumChunks);
#ifndef FFWD_SIMT_TSAN
  const Case c{DType::f32, random_integers(most + 1, 1, 3, 9), {}, 1.0f};
  expect_equal(run(place(), c), reference(c), "sum");
#endif
}

TEST_P(ColumnSumTest, AgreesWithDouble) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    Case c{dtype, random_matrix(dtype, shape.rows, shape.cols, ++seed), {}, 0.3f};
    if (shape.rows > 0 && seed % 2 == 0) c.weight = random_vector(shape.rows, seed + 7, 0.5, 2.0);
    const Matrix want = reference(c);
    if (shape.rows == 0) return expect_equal(run(place(), c, layout), want, "no rows");
    expect_close(run(place(), c, layout), want, {bound(c), 2 * kUnit}, "sum");
  });
}

TEST_P(ColumnSumTest, NanShowsInItsColumnAndNowhereElse) {
  for (const bool weighted : {false, true}) {
    Case c{DType::f32, Matrix(300, 40, 1.0), {}, 1.0f};
    if (weighted) c.weight.assign(300, 0.0f);  // not even a weight of 0 hides it
    c.a.at(299, 17) = kNan;
    const Matrix got = run(place(), c);
    for (int64_t j = 0; j < 40; ++j) EXPECT_EQ(std::isnan(got.at(0, j)), j == 17);
  }
}

TEST_P(ColumnSumTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    ColumnSum args{memory.input(DType::f32, Matrix(300, 4, 1.0)),
                   memory.input(std::vector<float>(300)), 1.0f, memory.output<float>("sum", 4),
                   memory.output<float>("scratch", 8)};
    break_it(args);
    EXPECT_THROW(memory.run(kColumnSum, args), Error);
  };
  expect_error([](ColumnSum& a) { a.sum.size = 3; });
  expect_error([](ColumnSum& a) { a.weight.size = 299; });
  expect_error([](ColumnSum& a) { a.scratch.size = 7; });
}

TEST_P(ColumnSumTest, SameBitsAlways) {
  const Case c{DType::f32, random_matrix(DType::f32, 600, 70, 5), random_vector(600, 6), 0.1f};
  expect_same_bits_always([&] { return Results{{"sum", run(place(), c)}}; });
}

#ifdef FFWD_TEST_CUDA
using ColumnSumCuda = CudaAgainstCpu;

TEST_F(ColumnSumCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    if (shape.rows == 0) return;  // exact: see above
    Case c{dtype, random_matrix(dtype, shape.rows, shape.cols, ++seed), {}, 0.3f};
    if (seed % 2 == 0) c.weight = random_vector(shape.rows, seed + 7, 0.5, 2.0);
    expect_close(run(Place::cuda, c, layout), run(Place::cpu, c, layout), {2 * bound(c), 4 * kUnit},
                 "sum");
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
