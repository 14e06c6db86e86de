// adam_update: hand-worked steps, several steps of the rule written again in double, the bf16 copy,
// extremes, and CUDA against the CPU twin.
#include "kernels/adam_update.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<AdamUpdate> kAdamUpdate = FFWD_TWINS(adam_update);

struct Case {
  std::vector<float> weight, m, v, gradient;
  float learning_rate = 0.1f, beta1 = 0.9f, beta2 = 0.99f, eps = 1e-3f, weight_decay = 0.01f;
  float correction1 = 0.271f, correction2 = 0.029701f;  // the third step
  float rate_factor = 1.0f;
  int64_t biases = 0;
  bool has_operand = true;
  int misaligned = -1;  // see Memory::misalign
};

Results run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  memory.misalign(c.misaligned);
  AdamUpdate args;
  args.weight = memory.inout("weight", c.weight);
  args.m = memory.inout("m", c.m);
  args.v = memory.inout("v", c.v);
  args.gradient = memory.input(c.gradient);
  args.biases = c.biases;
  args.learning_rate = c.learning_rate;
  args.beta1 = c.beta1;
  args.beta2 = c.beta2;
  args.eps = c.eps;
  args.weight_decay = c.weight_decay;
  if (c.has_operand) {
    args.operand = memory.output<bfloat16>("operand", int64_t(c.weight.size()) - c.biases);
  }
  args.step = memory.input(StepValues{c.rate_factor, c.correction1, c.correction2, 0});
  return memory.run(kAdamUpdate, args);
}

Case random_case(int64_t size, uint64_t seed) {
  Case c;
  c.weight = random_vector(size, seed);
  c.m = random_vector(size, seed + 1, -0.25, 0.25);
  c.v = random_vector(size, seed + 2, 0.0, 0.03);
  c.gradient = random_vector(size, seed + 3);
  return c;
}

Results reference(const Case& c) {
  Matrix weight = row_of(c.weight), m = row_of(c.m), v = row_of(c.v), step = row_of(c.m);
  for (std::size_t i = 0; i < c.weight.size(); ++i) {
    const double g = double(c.gradient[i]);
    m.values[i] = double(c.beta1) * m[i] + (1 - double(c.beta1)) * g;
    v.values[i] = double(c.beta2) * v[i] + (1 - double(c.beta2)) * g * g;
    const double root = std::sqrt(v[i] / double(c.correction2));
    step.values[i] = m[i] / double(c.correction1) / (root + double(c.eps));
    const bool bias = i + std::size_t(c.biases) >= c.weight.size();
    const double rate = double(c.learning_rate) * double(c.rate_factor);
    weight.values[i] -= rate * (step[i] + (bias ? 0.0 : double(c.weight_decay)) * weight[i]);
  }
  return {{"weight", weight}, {"m", m}, {"v", v}, {"step", step}};
}

// m is a sum that may cancel, of products up to 0.9 * 0.25 and 0.1: 4 u of 0.33, ABSOLUTE. v is a
// sum of two that are not negative: 4 u of itself, like 1 - beta and the products. A step is m
// divided by c1 (sqrt(v / c2) + eps): the error of m divided by the same, and 8 u of itself for v,
// the root, the sum and the quotients. The weight adds the rate's product and two sums of numbers
// near 1.
struct Bounds {
  Tolerance m, v, weight;
};
Bounds bounds(const Results& exact, const Case& c, double sides) {
  const double m_error = sides * 4 * kUnit * 0.33;
  double step_error = 0.0;
  for (std::size_t i = 0; i < c.m.size(); ++i) {
    const double step = exact.at("step")[i];
    const double root = std::sqrt(exact.at("v")[i] / double(c.correction2)) + double(c.eps);
    step_error = std::fmax(
        step_error, m_error / double(c.correction1) / root + sides * 8 * kUnit * std::fabs(step));
  }
  const double weight_error = double(c.learning_rate) * step_error + sides * 4 * kUnit;
  return {{m_error, 0}, {0, sides * 4 * kUnit}, {weight_error, 0}};
}

void expect_results(const Results& got, const Results& want, const Bounds& bound) {
  expect_close(got.at("m"), want.at("m"), bound.m, "m");
  expect_close(got.at("v"), want.at("v"), bound.v, "v");
  expect_close(got.at("weight"), want.at("weight"), bound.weight, "weight");
  if (got.count("operand") == 0) return;
  Matrix operand = got.at("weight");
  operand.cols = got.at("operand").cols;  // no biases
  operand.values.resize(std::size_t(operand.cols));
  for (double& value : operand.values) value = rounded(DType::bf16, value);
  expect_equal(got.at("operand"), operand, "operand");
}

class AdamUpdateTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(AdamUpdateTest);

TEST_P(AdamUpdateTest, HandWorkedStep) {
  // m = 0.5 * 2 + 0.5 * 4 = 3, v = 0.75 * 4 + 0.25 * 16 = 7; m / 0.5 = 6, sqrt(7 / 0.4375) = 4, so
  // the step is 6 / (4 + 2) = 1; weight 3 - 0.5 * (1 + 1 * 3) = 1.
  const Case c{{3}, {2}, {4}, {4}, 0.5f, 0.5f, 0.75f, 2.0f, 1.0f, 0.5f, 0.4375f};
  const Results got = run(place(), c);
  expect_equal(got.at("m"), std::vector<double>{3}, "m");
  expect_equal(got.at("v"), std::vector<double>{7}, "v");
  expect_equal(got.at("weight"), std::vector<double>{1}, "weight");
  expect_equal(got.at("operand"), std::vector<double>{1}, "operand");
}

// At the first step, without eps, every weight moves by the rate, however large its gradient.
TEST_P(AdamUpdateTest, FirstStepMovesByTheRate) {
  Case c{{0, 0, 0}, {0, 0, 0}, {0, 0, 0}, {1e-4f, -3.0f, 1e6f}, 0.25f, 0.9f, 0.999f, 0.0f, 0.0f};
  c.correction1 = 1.0f - c.beta1;
  c.correction2 = 1.0f - c.beta2;
  expect_close(run(place(), c).at("weight"), std::vector<double>{-0.25, 0.25, -0.25},
               {0, 8 * kUnit}, "weight");
}

TEST_P(AdamUpdateTest, AgreesWithTheRule) {
  for (const int64_t size : {1, 3, 4, 5, 1000, 1023, 1024, 1025, 5000}) {
    for (const Layout layout : kLayouts) {
      SCOPED_TRACE(std::to_string(size) + " weights, offset " + std::to_string(layout.offset));
      Case c = random_case(size, uint64_t(size));
      const Results want = reference(c);
      expect_results(run(place(), c, layout), want, bounds(want, c, 1.0));
      c.has_operand = false;
      expect_results(run(place(), c, layout), want, bounds(want, c, 1.0));
    }
  }
}

// Neither decayed nor cast; the boundary may lie anywhere.
TEST_P(AdamUpdateTest, BiasesStandBehindTheWeights) {
  for (int64_t biases = 0; biases <= 9; ++biases) {
    SCOPED_TRACE(std::to_string(biases) + " biases");
    Case c = random_case(9, 5);
    c.biases = biases;
    c.weight_decay = 0.5f;
    c.rate_factor = 0.5f;
    const Results want = reference(c);
    expect_results(run(place(), c), want, bounds(want, c, 1.0));
  }
}

TEST_P(AdamUpdateTest, AnyOneArrayMayBeMisaligned) {
  Case c = random_case(37, 4);
  const Results want = reference(c);
  for (c.misaligned = 0; c.misaligned < 5; ++c.misaligned) {
    SCOPED_TRACE("array " + std::to_string(c.misaligned));
    expect_results(run(place(), c), want, bounds(want, c, 1.0));
  }
}

// Each step starts where the last one ended; both sides start from the same fp32 values every time.
TEST_P(AdamUpdateTest, FiveSteps) {
  Case c = random_case(10, 1);
  c.m.assign(10, 0.0f);
  c.v.assign(10, 0.0f);
  for (int step = 1; step <= 5; ++step) {
    c.gradient = random_vector(10, 50 + uint64_t(step));
    c.correction1 = float(1 - std::pow(double(c.beta1), step));
    c.correction2 = float(1 - std::pow(double(c.beta2), step));
    const Results got = run(place(), c), want = reference(c);
    expect_results(got, want, bounds(want, c, 1.0));
    c.weight = to_vector(got.at("weight"));
    c.m = to_vector(got.at("m"));
    c.v = to_vector(got.at("v"));
  }
}

TEST_P(AdamUpdateTest, ZeroGradientsAndNoWeights) {
  Case c{{1, 2}, {0, 0}, {0, 0}, {0, 0}};
  c.weight_decay = 0.0f;
  expect_equal(run(place(), c).at("weight"), std::vector<double>{1, 2}, "weight");
  EXPECT_EQ(run(place(), Case{}).at("weight").size(), 0u);
}

TEST_P(AdamUpdateTest, NanShowsInItsWeightAndNowhereElse) {
  Case c = random_case(9, 2);
  c.gradient[8] = NAN;
  const Results got = run(place(), c);
  for (const char* name : {"weight", "m", "v", "operand"}) {
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(std::isnan(got.at(name)[i]), i == 8) << name;
  }
}

TEST_P(AdamUpdateTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    const std::vector<float> four(4);
    Memory memory(place());
    AdamUpdate args{};
    args.weight = memory.inout("weight", four);
    args.m = memory.inout("m", four);
    args.v = memory.inout("v", four);
    args.gradient = memory.input(four);
    args.operand = memory.output<bfloat16>("operand", 4);
    args.step = memory.input(StepValues{});
    break_it(args);
    EXPECT_THROW(memory.run(kAdamUpdate, args), Error);
  };
  expect_error([](AdamUpdate& a) { a.m.size = 3; });
  expect_error([](AdamUpdate& a) { a.v.size = 3; });
  expect_error([](AdamUpdate& a) { a.gradient.size = 5; });
  expect_error([](AdamUpdate& a) { a.operand.size = 3; });
  expect_error([](AdamUpdate& a) { a.biases = 1; });
  expect_error([](AdamUpdate& a) { a.biases = 5, a.operand = {}; });
  expect_error([](AdamUpdate& a) { a.step.size = 0; });
}

TEST_P(AdamUpdateTest, SameBitsAlways) {
  const Case c = random_case(2050, 3);
  expect_same_bits_always([&] { return run(place(), c); });
}

#ifdef FFWD_TEST_CUDA
using AdamUpdateCuda = CudaAgainstCpu;

TEST_F(AdamUpdateCuda, AgreesWithTheCpu) {
  for (const int64_t size : {1, 4, 1023, 5000}) {
    for (const Layout layout : kLayouts) {
      const Case c = random_case(size, uint64_t(size) + 1);
      const Results got = run(Place::cuda, c, layout), want = run(Place::cpu, c, layout);
      expect_results(got, want, bounds(reference(c), c, 2.0));
    }
  }
}
#endif

}  // namespace
}  // namespace ffwd::test
