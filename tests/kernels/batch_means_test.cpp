// batch_means: hand-worked means added to totals, exact means of integers, extremes, and CUDA
// against the CPU twin.
#include "kernels/batch_means.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<BatchMeans> kBatchMeans = FFWD_TWINS(batch_means);

struct Case {
  std::vector<float> loss, goodness;
  int64_t positive = 0, negative = 0;
  std::vector<float> total = {10, 20, 30};
  bool has_goodness = true;
};

Matrix run(Place place, const Case& c) {
  Memory memory(place);
  BatchMeans args;
  args.loss = memory.input(c.loss);
  if (c.has_goodness) args.goodness = memory.input(c.goodness);
  args.positive_rows = c.positive;
  args.negative_rows = c.negative;
  args.total = memory.inout("total", c.total);
  return memory.run(kBatchMeans, args).at("total");
}

double mean(const std::vector<float>& values, int64_t first, int64_t count) {
  double sum = 0.0;
  for (int64_t i = first; i < first + count; ++i) sum += double(values[std::size_t(i)]);
  return count > 0 ? sum / double(count) : 0.0;
}

Matrix reference(const Case& c) {
  return Matrix(1, 3,
                {double(c.total[0]) + mean(c.loss, 0, c.positive + c.negative),
                 double(c.total[1]) + mean(c.goodness, 0, c.positive),
                 double(c.total[2]) + mean(c.goodness, c.positive, c.negative)});
}

class BatchMeansTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(BatchMeansTest);

TEST_P(BatchMeansTest, HandWorkedMeans) {
  const Case c{{1, 2, 6}, {4, 8, 64, 1000}, 2, 1};  // the fourth row is neutral
  expect_equal(run(place(), c), std::vector<double>{13, 26, 94}, "totals");
}

TEST_P(BatchMeansTest, WithoutGoodnessOnlyTheLossIsAdded) {
  Case c{{1, 2, 6}, {}, 3, 0};
  c.has_goodness = false;
  expect_equal(run(place(), c), std::vector<double>{13, 20, 30}, "totals");
}

TEST_P(BatchMeansTest, AMeanOverNoRowsAddsNothing) {
  expect_equal(run(place(), {{1, 3}, {4, 8}, 2, 0}), std::vector<double>{12, 26, 30}, "positive");
  expect_equal(run(place(), {{1, 3}, {4, 8}, 0, 2}), std::vector<double>{12, 20, 36}, "negative");
  expect_equal(run(place(), {{}, {}, 0, 0}), std::vector<double>{10, 20, 30}, "none");
}

// Sums of small integers are exact, and so are means over a power of two of rows.
TEST_P(BatchMeansTest, MeansOfIntegersAreExact) {
  for (const int64_t rows : {1, 2, 32, 64, 256, 512, 1024}) {
    Case c;
    c.positive = c.negative = rows;
    c.loss = to_vector(random_integers(1, 2 * rows, 1, 50));
    c.goodness = to_vector(random_integers(1, 2 * rows + 3, 2, 50));
    expect_equal(run(place(), c), reference(c), "totals of " + std::to_string(rows));
  }
}

TEST_P(BatchMeansTest, NanShows) {
  const auto expect_nan = [&](const Case& c, bool loss, bool positive, bool negative) {
    const Matrix got = run(place(), c);
    EXPECT_EQ(std::isnan(got[0]), loss);
    EXPECT_EQ(std::isnan(got[1]), positive);
    EXPECT_EQ(std::isnan(got[2]), negative);
  };
  const float nan = NAN;
  expect_nan({{1, nan}, {1, 1}, 1, 1}, true, false, false);
  expect_nan({{1, 1}, {nan, 1}, 1, 1}, false, true, false);
  expect_nan({{1, 1}, {1, nan}, 1, 1}, false, false, true);
  expect_nan({{1, 1}, {1, 1, nan}, 1, 1}, false, false, false);
}

TEST_P(BatchMeansTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    BatchMeans args{memory.input(std::vector<float>(3)), memory.input(std::vector<float>(4)), 2, 1,
                    memory.inout("total", std::vector<float>(3))};
    break_it(args);
    EXPECT_THROW(memory.run(kBatchMeans, args), Error);
  };
  expect_error([](BatchMeans& a) { a.loss.size = 2; });
  expect_error([](BatchMeans& a) { a.goodness.size = 2; });
  expect_error([](BatchMeans& a) { a.total.size = 2; });
  expect_error([](BatchMeans& a) { a.positive_rows = -1, a.negative_rows = 4; });
  expect_error([](BatchMeans& a) { a.positive_rows = 4, a.negative_rows = -1; });
}

Case random_case(int64_t positive, int64_t negative) {
  Case c;
  c.positive = positive;
  c.negative = negative;
  c.loss = random_vector(positive + negative, 3, 0.0, 4.0);
  c.goodness = random_vector(positive + negative + 2, 4, 0.0, 4.0);
  return c;
}

// A sum of n values, none negative, is off by at most n u of itself in any order; the quotient and
// the sum with the total round once each.
Tolerance bound(const Case& c, double sides = 1.0) {
  return {0, sides * (double(c.positive + c.negative) + 2) * kUnit};
}

TEST_P(BatchMeansTest, AgreesWithDouble) {
  for (const Shape rows : {Shape{1, 1}, {3, 40}, {255, 257}, {1000, 1}}) {
    const Case c = random_case(rows.rows, rows.cols);
    expect_close(run(place(), c), reference(c), bound(c), "totals");
  }
}

TEST_P(BatchMeansTest, SameBitsAlways) {
  const Case c = random_case(300, 700);
  expect_same_bits_always([&] { return Results{{"total", run(place(), c)}}; });
}

#ifdef FFWD_TEST_CUDA
using BatchMeansCuda = CudaAgainstCpu;

TEST_F(BatchMeansCuda, AgreesWithTheCpu) {
  for (const Shape rows : {Shape{1, 1}, {3, 40}, {255, 257}, {1000, 1}, {5000, 5000}}) {
    const Case c = random_case(rows.rows, rows.cols);
    expect_close(run(Place::cuda, c), run(Place::cpu, c), bound(c, 2.0), "totals");
  }
}
#endif

}  // namespace
}  // namespace ffwd::test
