// peer_normalise: hand-worked means and pushes, the equations written again in double, pushes that
// sum to zero over the units, extremes, and CUDA against the CPU twin.
#include "kernels/peer_normalise.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<PeerNormalise> kPeerNormalise = FFWD_TWINS(peer_normalise);

struct Case {
  DType dtype = DType::f32;
  std::vector<float> batch_mean, mean;
  Matrix dz, folded;  // without rows: nothing is folded
  std::vector<float> row_scale;
  float momentum = 0.9f, strength = 0.03f;
  int misaligned = -1;  // see Memory::misalign
};

Results run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  memory.misalign(c.misaligned);
  PeerNormalise args;
  args.batch_mean = memory.input(c.batch_mean);
  args.momentum = c.momentum;
  args.strength = c.strength;
  args.mean = memory.inout("mean", c.mean);
  args.push = memory.output<float>("push", int64_t(c.mean.size()));
  args.dz = memory.inout("dz", c.dtype, c.dz);
  if (c.folded.rows > 0) {
    args.folded = memory.inout("folded", c.dtype, c.folded);
    args.row_scale = memory.input(c.row_scale);
  }
  return memory.run(kPeerNormalise, args);
}

Case random_case(DType dtype, Shape shape, uint64_t seed) {
  Case c;
  c.dtype = dtype;
  c.batch_mean = random_vector(shape.cols, seed, 0.0, 2.0);
  c.mean = random_vector(shape.cols, seed + 1, 0.0, 1.0);
  c.dz = random_matrix(dtype, shape.rows, shape.cols, seed + 2, -0.01, 0.01);
  c.strength = 0.5f;
  if (seed % 2 == 0) {
    c.folded = random_matrix(dtype, shape.rows, shape.cols, seed + 3, -0.01, 0.01);
    c.row_scale = random_vector(shape.rows, seed + 4, 0.5, 2.0);
  }
  return c;
}

Results reference(const Case& c) {
  const int64_t width = c.dz.cols, rows = c.dz.rows;
  Matrix mean(1, width), push(1, width), dz = c.dz, folded = c.folded;
  double average = 0.0;
  for (int64_t j = 0; j < width; ++j) {
    const std::size_t unit = std::size_t(j);
    mean.at(0, j) = double(c.momentum) * double(c.mean[unit]) +
                    (1 - double(c.momentum)) * double(c.batch_mean[unit]);
    average += mean.at(0, j) / double(width);
  }
  for (int64_t j = 0; j < width; ++j) {
    push.at(0, j) = double(c.strength) * (mean.at(0, j) - average) / double(rows);
    for (int64_t i = 0; i < rows; ++i) {
      dz.at(i, j) += push.at(0, j);
      if (folded.rows > 0) folded.at(i, j) += double(c.row_scale[std::size_t(i)]) * push.at(0, j);
    }
  }
  Results results = {{"mean", mean}, {"push", push}, {"dz", dz}};
  if (folded.rows > 0) results["folded"] = folded;
  return results;
}

// Means are not negative here: 1 - momentum, two products and a sum round to 4 u of a mean. The
// average of n is off by (n + 5) u of itself in any order, and a push, a difference of the two, by
// that much of the largest mean, ABSOLUTE. dz is a sum of two and rounds once more; so is folded, of
// twice the push, which has been multiplied, at most.
struct Bounds {
  Tolerance mean, push, dz;
};
Bounds bounds(const Case& c, const Results& want, double sides = 1.0) {
  const double mean_error = sides * (double(c.dz.cols) + 12) * kUnit * largest(want.at("mean"));
  const double push_error = double(c.strength) / double(c.dz.rows) * mean_error;
  return {{0, sides * 4 * kUnit}, {push_error, 0}, {push_error, sides * kUnit}};
}

void expect_results(const Case& c, const Results& got, const Results& want, const Bounds& bound,
                    Tolerance (*stored_as)(DType, Tolerance)) {
  expect_close(got.at("mean"), want.at("mean"), bound.mean, "mean");
  // One unit is its own average.
  if (c.dz.cols == 1) return expect_equal(got.at("push"), Matrix(1, 1), "push");
  expect_close(got.at("push"), want.at("push"), bound.push, "push");
  expect_close(got.at("dz"), want.at("dz"), stored_as(c.dtype, bound.dz), "dz");
  if (c.folded.rows == 0) return;
  const double push = 2 * (bound.push.absolute + 2 * kUnit * largest(want.at("push")));
  expect_close(got.at("folded"), want.at("folded"), stored_as(c.dtype, {push, bound.dz.relative}),
               "folded");
}

class PeerNormaliseTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(PeerNormaliseTest);

TEST_P(PeerNormaliseTest, HandWorkedPush) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    // Means 0.5 * (2, 2) + 0.5 * (8, 0) = (5, 1).
    Case c{dtype, {8, 0}, {2, 2}, Matrix(2, 2, {1, 2, 3, 4}), {}, {}, 0.5f, 4.0f};
    const Results got = run(place(), c);
    expect_equal(got.at("mean"), std::vector<double>{5, 1}, "mean");
    // Average 3: 4 * (2, -2) / 2 rows.
    expect_equal(got.at("push"), std::vector<double>{4, -4}, "push");
    expect_equal(got.at("dz"), std::vector<double>{5, -2, 7, 0}, "dz");
    c.momentum = 0.75f;  // 0.75 * 2 + 0.25 * (8, 0): not the other way round
    expect_equal(run(place(), c).at("mean"), std::vector<double>{3.5, 1.5}, "mean");
  }
}

TEST_P(PeerNormaliseTest, AgreesWithTheEquations) {
  uint64_t seed = 0;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    if (shape.rows == 0) return;
    const Case c = random_case(dtype, shape, ++seed);
    const Results want = reference(c);
    expect_results(c, run(place(), c, layout), want, bounds(c, want), stored);
  });
}

TEST_P(PeerNormaliseTest, HandWorkedPushOfFoldedRows) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c{dtype,        {8, 0}, {2, 2}, Matrix(2, 2, {1, 2, 3, 4}), Matrix(2, 2, {10, 20, 30, 40}),
           {0.5f, 2.0f}, 0.5f,   4.0f};
    const Results got = run(place(), c);  // a push of (4, -4), as above
    expect_equal(got.at("dz"), std::vector<double>{5, -2, 7, 0}, "dz");
    expect_equal(got.at("folded"), std::vector<double>{12, 18, 38, 32}, "folded");
  }
}

TEST_P(PeerNormaliseTest, AnyOneOperandMayBeMisaligned) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {3, 40}, 8);
    ASSERT_GT(c.folded.rows, 0);
    const Results want = run(place(), c);
    // batch_mean, mean, push, dz, folded, row_scale
    for (c.misaligned = 0; c.misaligned < 6; ++c.misaligned) {
      SCOPED_TRACE("operand " + std::to_string(c.misaligned));
      expect_identical(run(place(), c), want);
    }
  }
}

// Each push is off by no more than bounds() says; the sum over units by n times that.
TEST_P(PeerNormaliseTest, PushesSumToZero) {
  for (const int64_t width : {2, 31, 500, 2000}) {
    const Case c = random_case(DType::f32, {3, width}, 9);
    const Matrix push = run(place(), c).at("push");
    double sum = 0.0;
    for (const double value : push.values) sum += value;
    EXPECT_GT(largest(push), 1e-3);
    EXPECT_NEAR(sum, 0.0, double(width) * bounds(c, reference(c)).push.absolute);
  }
}

// Integers whose average is an integer: nothing rounds.
TEST_P(PeerNormaliseTest, IntegersAreExact) {
  for (const int64_t width : {4, 32, 256, 1024, 4096}) {
    Case c = random_case(DType::f32, {4, width}, 1);
    c.batch_mean = to_vector(random_integers(1, width, 2, 15));
    c.mean = to_vector(random_integers(1, width, 3, 15));
    c.dz = random_integers(4, width, 4, 100);
    c.momentum = 0.5f;
    c.strength = 2.0f;
    const Results got = run(place(), c), want = reference(c);
    expect_equal(got.at("mean"), want.at("mean"), "mean");
    expect_equal(got.at("push"), want.at("push"), "push");
    expect_equal(got.at("dz"), want.at("dz"), "dz");
  }
}

TEST_P(PeerNormaliseTest, NoRowsChangeNothing) {
  const Case c = random_case(DType::f32, {0, 40}, 5);
  expect_equal(run(place(), c).at("mean"), row_of(c.mean), "mean");
}

// Through the average, a NaN of one unit reaches the pushes of all.
TEST_P(PeerNormaliseTest, NanShows) {
  Case c = random_case(DType::f32, {2, 70}, 6);
  c.batch_mean[69] = NAN;
  const Results got = run(place(), c);
  EXPECT_TRUE(all_nan(got.at("push")));
  EXPECT_TRUE(all_nan(got.at("dz")));
  EXPECT_TRUE(std::isnan(got.at("mean")[69]));
  EXPECT_FALSE(std::isnan(got.at("mean")[68]));
}

TEST_P(PeerNormaliseTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    PeerNormalise args{memory.input(std::vector<float>(4)),
                       0.9f,
                       0.03f,
                       memory.inout("mean", std::vector<float>(4)),
                       memory.output<float>("push", 4),
                       memory.inout("dz", DType::f32, Matrix(2, 4)),
                       memory.inout("folded", DType::f32, Matrix(2, 4)),
                       memory.input(std::vector<float>(2))};
    break_it(args);
    EXPECT_THROW(memory.run(kPeerNormalise, args), Error);
  };
  expect_error([](PeerNormalise& a) { a.batch_mean.size = 3; });
  expect_error([](PeerNormalise& a) { a.mean.size = 3; });
  expect_error([](PeerNormalise& a) { a.push.size = 3; });
  expect_error([](PeerNormalise& a) { a.dz.cols = a.folded.cols = 3; });
  expect_error([](PeerNormalise& a) { a.folded.rows = 1; });
  expect_error([](PeerNormalise& a) { a.folded.dtype = DType::bf16; });
  expect_error([](PeerNormalise& a) { a.folded = {}; });
  expect_error([](PeerNormalise& a) { a.row_scale = {}; });
  expect_error([](PeerNormalise& a) { a.row_scale.size = 1; });
}

TEST_P(PeerNormaliseTest, SameBitsAlways) {
  const Case c = random_case(DType::bf16, {3, 700}, 8);
  expect_same_bits_always([&] { return run(place(), c); });
}

#ifdef FFWD_TEST_CUDA
using PeerNormaliseCuda = CudaAgainstCpu;

TEST_F(PeerNormaliseCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    if (shape.rows == 0) return;
    const Case c = random_case(dtype, shape, ++seed);
    const Results want = run(Place::cpu, c, layout);
    expect_results(c, run(Place::cuda, c, layout), want, bounds(c, want, 2.0), stored_apart);
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
