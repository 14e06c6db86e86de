// softmax_loss: hand-worked rows, loss and finite differences against the equation written again in
// double, extremes, and CUDA against the CPU twin.
#include "kernels/softmax_loss.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<SoftmaxLoss> kSoftmaxLoss = FFWD_TWINS(softmax_loss);

struct Case {
  Matrix logits;
  std::vector<int32_t> label;
  DType dtype = DType::f32;  // of dlogits
  bool in_place = false;
  std::vector<float> bias = {};  // empty: absent
};

Results run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  SoftmaxLoss args;
  if (c.in_place) {
    args.dlogits = memory.inout("dlogits", DType::f32, c.logits);
    args.logits = args.dlogits;
  } else {
    args.logits = memory.input(DType::f32, c.logits);
    args.dlogits = memory.output("dlogits", c.dtype, c.logits.rows, c.logits.cols);
  }
  args.label = memory.input(c.label);
  if (!c.bias.empty()) args.bias = memory.input(c.bias);
  args.running = memory.inout("loss", std::vector<float>(std::size_t(c.logits.rows)));
  return memory.run(kSoftmaxLoss, args);
}

Case random_case(DType dtype, Shape shape, uint64_t seed) {
  Case c{random_matrix(DType::f32, shape.rows, shape.cols, seed, -4.0, 4.0), {}, dtype};
  for (int64_t i = 0; i < shape.rows; ++i) c.label.push_back(int32_t((7 * i + 1) % shape.cols));
  return c;
}

double loss_of(const Case& c, int64_t i, int64_t moved = 0, double by = 0.0) {
  double total = 0.0, of_label = 0.0;
  for (int64_t k = 0; k < c.logits.cols; ++k) {
    const double logit = c.logits.at(i, k) + (k == moved ? by : 0.0);
    total += std::exp(logit);
    if (k == c.label[std::size_t(i)]) of_label = logit;
  }
  return std::log(total) - of_label;
}

Results reference(const Case& c) {
  const int64_t rows = c.logits.rows;
  Matrix loss(1, rows), dlogits(rows, c.logits.cols);
  constexpr double kStep = 1e-5;
  for (int64_t i = 0; i < rows; ++i) {
    loss.at(0, i) = loss_of(c, i) / double(rows);
    for (int64_t k = 0; k < c.logits.cols; ++k) {
      dlogits.at(i, k) =
          (loss_of(c, i, k, kStep) - loss_of(c, i, k, -kStep)) / (2 * kStep) / double(rows);
    }
  }
  return {{"loss", loss}, {"dlogits", dlogits}};
}

// Logits lie within 8 of each other, so logit - top is off by 8 u and its exponential by (8 + 2) u
// of itself; a sum of n by (n + 10) u; p by (n + 24) u, p <= 1; p - 1 may cancel, so ABSOLUTE. The
// logarithm turns the relative error of the sum into an absolute one, the difference adds 2 * 8 u.
struct Bounds {
  Tolerance loss, dlogits;
};
Bounds bounds(const Case& c, double sides = 1.0) {
  const double error = sides * (double(c.logits.cols) + 24) * kUnit;
  const double rows = double(c.logits.rows);
  return {{error / rows, sides * 5 * kUnit}, {error / rows, 0}};
}

void expect_results(const Case& c, const Results& got, const Results& want, const Bounds& bound,
                    Tolerance (*stored_as)(DType, Tolerance)) {
  expect_close(got.at("loss"), want.at("loss"), bound.loss, "loss");
  expect_close(got.at("dlogits"), want.at("dlogits"), stored_as(c.dtype, bound.dlogits), "dlogits");
}

class SoftmaxLossTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(SoftmaxLossTest);

TEST_P(SoftmaxLossTest, HandWorkedRows) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    // Equal logits: p = 1/4, loss ln 4, dlogits (1/4 - [label]) / 2 rows, exactly.
    const Results got = run(place(), {Matrix(2, 4, 3.0), {1, 3}, dtype});
    expect_close(got.at("loss"), std::vector<double>(2, std::log(4.0) / 2), {0, 2 * kUnit}, "loss");
    expect_equal(got.at("dlogits"),
                 std::vector<double>{.125, -.375, .125, .125, .125, .125, .125, -.375}, "dlogits");
    // Odds 1 : 3.
    const Results odds = run(place(), {Matrix(1, 2, {0.0, double(std::log(3.0f))}), {0}, dtype});
    expect_close(odds.at("loss"), std::vector<double>{std::log(4.0)}, {0, 8 * kUnit}, "loss");
    expect_close(odds.at("dlogits"), std::vector<double>{-.75, .75}, stored(dtype, {0, 8 * kUnit}),
                 "dlogits");
  }
}

TEST_P(SoftmaxLossTest, AgreesWithTheEquationAndItsFiniteDifferences) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const Shape shape : {Shape{1, 2}, {6, 10}, {130, 10}, {3, 100}}) {
      const Case c = random_case(dtype, shape, 5);
      Bounds bound = bounds(c);
      bound.dlogits.absolute += 1e-9;  // of the finite differences
      expect_results(c, run(place(), c), reference(c), bound, stored);
    }
  }
}

TEST_P(SoftmaxLossTest, ShiftsDoNotMatterAndHugeLogitsStayFinite) {
  const Matrix logits(1, 3, {1.0, 2.0, 4.0});
  Matrix shifted = logits;
  for (double& logit : shifted.values) logit += 4096.0;
  const Results want = run(place(), {logits, {0}}), got = run(place(), {shifted, {0}});
  expect_identical(got, want);

  const Results huge = run(place(), {Matrix(1, 3, {double(1e30f), double(-1e30f), 0.0}), {1}});
  expect_equal(huge.at("dlogits"), std::vector<double>{1, -1, 0}, "dlogits");
  EXPECT_NEAR(huge.at("loss")[0], 2e30, 2e30 * 4 * kUnit);
}

TEST_P(SoftmaxLossTest, LossesAreAddedToWhatIsThere) {
  Memory memory(place());
  SoftmaxLoss args;
  args.logits = memory.input(DType::f32, Matrix(2, 4, 3.0));
  args.dlogits = memory.output("dlogits", DType::f32, 2, 4);
  args.label = memory.input(std::vector<int32_t>{1, 3});
  args.running = memory.inout("loss", std::vector<float>{1.0f, -2.0f});
  const double half = std::log(4.0) / 2;
  expect_close(memory.run(kSoftmaxLoss, args).at("loss"), std::vector<double>{1 + half, half - 2},
               {4 * kUnit, 0}, "loss");
}

TEST_P(SoftmaxLossTest, AnImpossibleClassIsNotDrawnFrom) {
  const Results got = run(place(), {Matrix(1, 3, {0.0, -kInfinity, 0.0}), {0}});
  expect_close(got.at("loss"), std::vector<double>{std::log(2.0)}, {0, 2 * kUnit}, "loss");
  expect_equal(got.at("dlogits"), std::vector<double>{-.5, 0, .5}, "dlogits");
}

TEST_P(SoftmaxLossTest, OneClassAndNoRows) {
  const Results one = run(place(), {Matrix(2, 1, 5.0), {0, 0}});
  expect_equal(one.at("loss"), Matrix(1, 2), "loss");
  expect_equal(one.at("dlogits"), Matrix(2, 1), "dlogits");
  EXPECT_EQ(run(place(), {Matrix(0, 10), {}}).at("loss").size(), 0u);
}

TEST_P(SoftmaxLossTest, BiasesAreAdded) {
  Case c{random_integers(5, 11, 12, 4), {0, 10, 3, 4, 5}};
  c.bias = to_vector(random_integers(1, 11, 13, 4));
  const Results got = run(place(), c);
  for (int64_t i = 0; i < 5; ++i) {
    for (int64_t k = 0; k < 11; ++k) c.logits.at(i, k) += double(c.bias[std::size_t(k)]);
  }
  c.bias.clear();
  expect_identical(got, run(place(), c));
}

TEST_P(SoftmaxLossTest, MayOverwriteItsInput) {
  Case c = random_case(DType::f32, {5, 11}, 8);
  const Results want = run(place(), c, {3, 1});
  c.in_place = true;
  expect_identical(run(place(), c, {3, 1}), want);
}

TEST_P(SoftmaxLossTest, NanShowsInItsRowAndNowhereElse) {
  for (int64_t column = 0; column < 3; ++column) {
    Case c = random_case(DType::f32, {3, 3}, 9);
    c.logits.at(1, column) = kNan;
    const Results got = run(place(), c);
    for (int64_t i = 0; i < 3; ++i) {
      EXPECT_EQ(std::isnan(got.at("loss").at(0, i)), i == 1);
      for (int64_t k = 0; k < 3; ++k) EXPECT_EQ(std::isnan(got.at("dlogits").at(i, k)), i == 1);
    }
  }
}

TEST_P(SoftmaxLossTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    SoftmaxLoss args{memory.input(DType::f32, Matrix(2, 3)), memory.input(std::vector<int32_t>(2)),
                     memory.output("dlogits", DType::f32, 2, 3),
                     memory.inout("loss", std::vector<float>(2)),
                     memory.input(std::vector<float>(3))};
    break_it(args);
    EXPECT_THROW(memory.run(kSoftmaxLoss, args), Error);
  };
  expect_error([](SoftmaxLoss& a) { a.logits.dtype = DType::bf16; });
  expect_error([](SoftmaxLoss& a) { a.dlogits.rows = 1; });
  expect_error([](SoftmaxLoss& a) { a.dlogits.cols = 2; });
  expect_error([](SoftmaxLoss& a) { a.label.size = 1; });
  expect_error([](SoftmaxLoss& a) { a.running.size = 1; });
  expect_error([](SoftmaxLoss& a) { a.bias.size = 2; });
}

TEST_P(SoftmaxLossTest, SameBitsAlways) {
  const Case c = random_case(DType::bf16, {300, 10}, 10);
  expect_same_bits_always([&] { return run(place(), c); });
}

#ifdef FFWD_TEST_CUDA
using SoftmaxLossCuda = CudaAgainstCpu;

TEST_F(SoftmaxLossCuda, AgreesWithTheCpu) {
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    if (shape.cols == 1) return;  // zeros: see above
    const Case c = random_case(dtype, shape, 11);
    expect_results(c, run(Place::cuda, c, layout), run(Place::cpu, c, layout), bounds(c, 2.0),
                   stored_apart);
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
