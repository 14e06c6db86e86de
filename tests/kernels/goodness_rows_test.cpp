// goodness_rows: hand-worked rows, every output against the equations written again in double, the
// gradient against finite differences of the mean loss, extremes, and CUDA against the CPU twin.
#include "kernels/goodness_rows.h"

#include <gtest/gtest.h>

#include "tests/kernels/goodness_rows_case.h"

namespace ffwd::test {
namespace {

using Case = GoodnessCase;

class GoodnessRowsTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(GoodnessRowsTest);

TEST_P(GoodnessRowsTest, HandWorkedRows) {
  Case c;
  c.z = Matrix(3, 3, {2.0, 5.0, -3.0, /**/ 3.0, 4.0, -9.0, /**/ 0.0, 11.0, 0.0});
  c.bias = {1.0f, -1.0f, 0.0f};  // y = (3, 4, 0), (4, 3, 0), (1, 10, 0): sums 25, 25, 101
  c.positive = c.negative = 1;
  c.threshold = 25.0f;
  c.temperature = 0.5f;
  for (c.dtype = DType::f32;; c.dtype = DType::bf16) {
    const Results got = run(place(), c);
    expect_equal(got.at("goodness"), std::vector<double>{25, 25, 101}, "goodness");
    // At the threshold both losses are ln 2, and their slopes -+1/2 over the temperature: -1 and 1.
    // dz = slope * 2 y / 2 rows.
    // Half of each loss; all of the only positive and of the only negative goodness.
    const double half = std::log(2.0) / 2;
    expect_close(got.at("running"), std::vector<double>{half, 25, 0, /**/ half, 0, 25},
                 {0, 2 * kUnit}, "running");
    expect_equal(got.at("dz"), std::vector<double>{-3, -4, 0, /**/ 4, 3, 0}, "dz");
    expect_equal(Matrix(1, 2, {got.at("length")[0], got.at("length")[1]}),
                 std::vector<double>{5, 5}, "length");
    const double root = std::sqrt(101.0);
    expect_close(got.at("next"),
                 std::vector<double>{.6, .8, 0, /**/ .8, .6, 0, /**/ 1 / root, 10 / root, 0},
                 stored(c.dtype, {0, 4 * kUnit}), "next");
    if (c.dtype == DType::bf16) break;
  }
}

TEST_P(GoodnessRowsTest, AgreesWithTheEquationsAndTheirFiniteDifferences) {
  for (const auto& goodness : kGoodnesses) {
    for (const auto& activation : kActivations) {
      for (const auto& norm : kNormKinds) {
        SCOPED_TRACE(std::string(goodness.name) + ", " + activation.name + ", " + norm.name);
        Case c = random_case(DType::f32, {7, 5}, 10);
        c.positive = 2;
        c.negative = 3;
        c.goodness = goodness.value;
        c.activation = activation.value;
        c.norm = {norm.value, 0.125f};
        c.threshold = 0.75f;
        c.temperature = 0.5f;
        leave_kinks(c);
        const Results want = reference(c);
        Bounds bound = bounds(c, want);
        bound.dz.absolute = 1e-9;  // of the finite differences
        expect_results(run(place(), c), want, bound, c.dtype, stored);
      }
    }
  }
}

TEST_P(GoodnessRowsTest, FiguresAreAddedToWhatIsThere) {
  Case c = random_case(DType::f32, {6, 40}, 15);
  c.positive = c.negative = 2;
  const Matrix once = run(place(), c).at("running");
  c.before = Matrix(4, 3, {1, 2, 3, /**/ 4, 5, 6, /**/ 7, 8, 9, /**/ 10, 11, 12});
  const Matrix sums = run(place(), c).at("running");
  for (int64_t i = 0; i < 12; ++i) {
    EXPECT_EQ(sums.at(0, i), double(float(c.before.values[size_t(i)] + once.at(0, i)))) << i;
  }
}

TEST_P(GoodnessRowsTest, GradientMayOverwriteItsInput) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {9, 300}, 20);
    const Results apart = run(place(), c);
    c.in_place = true;
    Results over = run(place(), c);
    const Matrix& whole = over.at("dz");  // the neutral rows keep z
    for (int64_t i = 0; i < c.z.rows; ++i) {
      for (int64_t j = 0; j < c.z.cols; ++j) {
        const bool learns = i < c.positive + c.negative;
        ASSERT_EQ(whole.at(i, j), learns ? apart.at("dz").at(i, j) : c.z.at(i, j));
      }
    }
    EXPECT_TRUE(identical(over.at("next"), apart.at("next")));
  }
}

TEST_P(GoodnessRowsTest, AnyOneMatrixMayBeMisaligned) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {3, 40}, 30);
    const Results want = run(place(), c);
    for (c.misaligned = 0; c.misaligned < 4; ++c.misaligned) {  // bias, z, dz, next
      SCOPED_TRACE("operand " + std::to_string(c.misaligned));
      expect_identical(run(place(), c), want);
    }
  }
}

TEST_P(GoodnessRowsTest, InferenceGivesTheSameWithoutLossAndGradient) {
  Case c = random_case(DType::f32, {5, 70}, 30);
  const Results learning = run(place(), c);
  c.learns = false;
  const Results inference = run(place(), c);
  EXPECT_EQ(inference.count("dz"), 0u);
  for (const char* name : {"goodness", "next", "length"}) {
    EXPECT_TRUE(identical(inference.at(name), learning.at(name))) << name;
  }
}

TEST_P(GoodnessRowsTest, NobodyNeedsToReadTheNextRows) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    for (const bool learns : {true, false}) {
      Case c = random_case(dtype, {7, 300}, 35);
      c.learns = learns;
      Results want = run(place(), c);
      want.erase("next");
      c.hands_on = false;
      expect_identical(run(place(), c), want);
    }
  }
}

TEST_P(GoodnessRowsTest, SumsOfIntegersAreExact) {
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    Case c = random_case(dtype, shape, 40);
    c.z = random_integers(shape.rows, shape.cols, 41, 8);
    c.bias = to_vector(random_integers(1, shape.cols, 42, 3));
    for (const Goodness kind : {Goodness::sum_squares, Goodness::sum_abs}) {
      c.goodness = kind;
      std::vector<double> want;
      for (int64_t i = 0; i < shape.rows; ++i) want.push_back(goodness(kind, activities(c, i)));
      expect_equal(run(place(), c, layout).at("goodness"), want, "goodness");
    }
  });
}

TEST_P(GoodnessRowsTest, HugeGoodnessStaysFinite) {
  Case c = random_case(DType::f32, {4, 33}, 50);
  c.positive = c.negative = 2;
  for (double& z : c.z.values) z = double(float(z * 1e16));
  const Results got = run(place(), c);
  for (const auto& [name, values] : got) {
    for (const double value : values.values) EXPECT_TRUE(std::isfinite(value)) << name;
  }
}

TEST_P(GoodnessRowsTest, ARowOfZerosStaysARowOfZeros) {
  Case c = random_case(DType::f32, {1, 40}, 60);
  c.z = Matrix(1, 40);
  c.bias.assign(40, 0.0f);
  const Results got = run(place(), c);
  expect_equal(got.at("next"), std::vector<double>(40, 0.0), "next");
  expect_equal(got.at("dz"), std::vector<double>(40, 0.0), "dz");
}

TEST_P(GoodnessRowsTest, NanShowsInItsRowAndNowhereElse) {
  for (const auto& goodness : kGoodnesses) {
    Case c = random_case(DType::f32, {3, 70}, 70);
    c.goodness = goodness.value;
    c.positive = 2;
    c.negative = 1;
    c.z.at(1, 69) = kNan;
    const Results got = run(place(), c);
    for (int64_t i = 0; i < 3; ++i) {
      EXPECT_EQ(std::isnan(got.at("goodness").at(0, i)), i == 1);
      EXPECT_EQ(std::isnan(got.at("running").at(0, 3 * i)), i == 1);
      for (const int64_t j : {int64_t(0), int64_t(69)}) {
        EXPECT_EQ(std::isnan(got.at("next").at(i, j)), i == 1);
        EXPECT_EQ(std::isnan(got.at("dz").at(i, j)), i == 1);
      }
    }
  }
}

TEST_P(GoodnessRowsTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    Memory memory(place());
    GoodnessRows args{memory.input(DType::f32, Matrix(3, 4, 1.0)),
                      memory.input(std::vector<float>(4)),
                      Activation::relu,
                      Goodness::sum_squares,
                      1.0f,
                      1.0f,
                      {},
                      1,
                      1,
                      memory.output("dz", DType::f32, 2, 4),
                      memory.output("next", DType::f32, 3, 4),
                      memory.output<float>("goodness", 3),
                      {},
                      memory.inout_figures("running", Matrix(2, 3)),
                      {},
                      {}};
    break_it(args);
    EXPECT_THROW(memory.run(kGoodnessRows, args), Error);
  };
  expect_error([](GoodnessRows& a) { a.bias.size = 3; });
  expect_error([](GoodnessRows& a) { a.goodness.size = 2; });
  expect_error([](GoodnessRows& a) { a.next.cols = 3; });
  expect_error([](GoodnessRows& a) { a.next.dtype = DType::bf16; });
  expect_error([](GoodnessRows& a) { a.dz.rows = 3; });
  expect_error([](GoodnessRows& a) { a.dz.dtype = DType::bf16; });
  expect_error([](GoodnessRows& a) { a.dz.data = nullptr; });
  expect_error([](GoodnessRows& a) { a.running = {}; });
  expect_error([](GoodnessRows& a) { a.running.size = 3; });
  expect_error([](GoodnessRows& a) { a.length = a.goodness.slice(0, 2); });
  expect_error([](GoodnessRows& a) { a.negative_rows = 3; });
  expect_error([](GoodnessRows& a) { a.negative_rows = -1, a.positive_rows = 3; });
  expect_error([](GoodnessRows& a) { a.temperature = 0.0f; });
  expect_error([](GoodnessRows& a) { a.temperature = NAN; });
}

TEST_P(GoodnessRowsTest, SameBitsAlways) {
  for (const DType dtype : {DType::f32, DType::bf16}) {
    Case c = random_case(dtype, {5, 1100}, 80);
    expect_same_bits_always([&] { return run(place(), c); });
    c.goodness = Goodness::sum_abs;  // takes two sums of a row
    expect_same_bits_always([&] { return run(place(), c); });
  }
}

#ifdef FFWD_TEST_CUDA
using GoodnessRowsCuda = CudaAgainstCpu;

TEST_F(GoodnessRowsCuda, AgreesWithTheCpu) {
  uint64_t seed = 100;
  for_each_case([&](DType dtype, Shape shape, Layout layout) {
    Case c = random_case(dtype, shape, ++seed);
    c.goodness = kGoodnesses[seed % std::size(kGoodnesses)].value;
    c.activation = kActivations[seed / std::size(kGoodnesses) % std::size(kActivations)].value;
    c.norm.kind = kNormKinds[seed % std::size(kNormKinds)].value;
    if (is_mean_over_row(c.goodness)) c.threshold = 0.3f, c.temperature = 0.1f;
    const Results want = run(Place::cpu, c, layout);
    expect_results(run(Place::cuda, c, layout), want, bounds(c, want, 2.0), dtype, stored_apart);
  });
}
#endif

}  // namespace
}  // namespace ffwd::test
