// momentum_update: hand-worked steps, several steps of the rule written again in double, the bf16
// copy, extremes, and CUDA against the CPU twin.
#include "kernels/momentum_update.h"

#include <gtest/gtest.h>

#include "tests/kernels/kernel_test.h"

namespace ffwd::test {
namespace {

constexpr Twins<MomentumUpdate> kMomentumUpdate = FFWD_TWINS(momentum_update);

struct Case {
  std::vector<float> weight, velocity, gradient;
  float learning_rate = 0.1f, momentum = 0.9f, weight_decay = 0.01f;
  float rate_factor = 1.0f;
  int64_t biases = 0;
  bool has_operand = true;
  int misaligned = -1;  // see Memory::misalign
};

Results run(Place place, const Case& c, Layout layout = {}) {
  Memory memory(place, layout);
  memory.misalign(c.misaligned);
  MomentumUpdate args;
  args.weight = memory.inout("weight", c.weight);
  args.velocity = memory.inout("velocity", c.velocity);
  args.gradient = memory.input(c.gradient);
  args.biases = c.biases;
  args.learning_rate = c.learning_rate;
  args.momentum = c.momentum;
  args.weight_decay = c.weight_decay;
  if (c.has_operand) {
    args.operand = memory.output<bfloat16>("operand", int64_t(c.weight.size()) - c.biases);
  }
  args.step = memory.input(StepValues{c.rate_factor, 0.0f, 0.0f, 0});
  return memory.run(kMomentumUpdate, args);
}

Case random_case(int64_t size, uint64_t seed) {
  Case c;
  c.weight = random_vector(size, seed);
  c.velocity = random_vector(size, seed + 1);
  c.gradient = random_vector(size, seed + 2);
  return c;
}

Results reference(const Case& c) {
  Matrix weight = row_of(c.weight), velocity = row_of(c.velocity);
  for (std::size_t i = 0; i < c.weight.size(); ++i) {
    double& v = velocity.values[i];
    double& w = weight.values[i];
    v = double(c.momentum) * v + (1 - double(c.momentum)) * double(c.gradient[i]);
    const bool bias = i + std::size_t(c.biases) >= c.weight.size();
    const double rate = double(c.learning_rate) * double(c.rate_factor);
    w = w - rate * (v + (bias ? 0.0 : double(c.weight_decay)) * w);
  }
  return {{"weight", weight}, {"velocity", velocity}};
}

// |values| <= 1: the velocity is a sum of two products of numbers up to 1, one of them with 1 -
// momentum, 4 roundings; the weight adds a product (2), a sum, the rate and a difference, of
// numbers up to 1.2. ABSOLUTE, because the sums may cancel. Contracted or not, each operation
// rounds once at most.
constexpr double kVelocityError = 4 * kUnit, kWeightError = 8 * kUnit;

void expect_results(const Results& got, const Results& want, double sides) {
  expect_close(got.at("velocity"), want.at("velocity"), {sides * kVelocityError, 0}, "velocity");
  expect_close(got.at("weight"), want.at("weight"), {sides * kWeightError, 0}, "weight");
  if (got.count("operand") == 0) return;
  Matrix operand = got.at("weight");
  operand.cols = got.at("operand").cols;  // no biases
  operand.values.resize(std::size_t(operand.cols));
  for (double& value : operand.values) value = rounded(DType::bf16, value);
  expect_equal(got.at("operand"), operand, "operand");
}

class MomentumUpdateTest : public InEveryPlace {};
FFWD_IN_EVERY_PLACE(MomentumUpdateTest);

TEST_P(MomentumUpdateTest, HandWorkedSteps) {
  // Velocity 0.75 * 4 + 0.25 * 8 = 5; weight 2 - 0.5 * (5 + 0.5 * 2) = -1.
  Case c{{2}, {4}, {8}, 0.5f, 0.75f, 0.5f};
  const Results got = run(place(), c);
  expect_equal(got.at("velocity"), std::vector<double>{5}, "velocity");
  expect_equal(got.at("weight"), std::vector<double>{-1}, "weight");
  expect_equal(got.at("operand"), std::vector<double>{-1}, "operand");
  // Decay stays out of the velocity.
  const Results decayed = run(place(), {{2}, {0}, {0}, 0.5f, 0.75f, 0.5f});
  expect_equal(decayed.at("velocity"), std::vector<double>{0}, "velocity");
  expect_equal(decayed.at("weight"), std::vector<double>{1.5}, "weight");
}

TEST_P(MomentumUpdateTest, AgreesWithTheRule) {
  for (const int64_t size : {1, 3, 4, 5, 1000, 1023, 1024, 1025, 5000}) {
    for (const Layout layout : kLayouts) {
      SCOPED_TRACE(std::to_string(size) + " weights, offset " + std::to_string(layout.offset));
      Case c = random_case(size, uint64_t(size));
      expect_results(run(place(), c, layout), reference(c), 1.0);
      c.has_operand = false;
      expect_results(run(place(), c, layout), reference(c), 1.0);
    }
  }
}

// Neither decayed nor cast; the boundary may lie anywhere.
TEST_P(MomentumUpdateTest, BiasesStandBehindTheWeights) {
  for (int64_t biases = 0; biases <= 9; ++biases) {
    SCOPED_TRACE(std::to_string(biases) + " biases");
    Case c = random_case(9, 5);
    c.biases = biases;
    c.weight_decay = 0.5f;
    c.rate_factor = 0.5f;
    expect_results(run(place(), c), reference(c), 1.0);
  }
}

TEST_P(MomentumUpdateTest, AnyOneArrayMayBeMisaligned) {
  Case c = random_case(37, 4);
  for (c.misaligned = 0; c.misaligned < 4; ++c.misaligned) {
    SCOPED_TRACE("array " + std::to_string(c.misaligned));
    expect_results(run(place(), c), reference(c), 1.0);
  }
}

// Each step starts where the last one ended; both sides start from the same fp32 values every time.
TEST_P(MomentumUpdateTest, FiveSteps) {
  Case c = random_case(10, 1);
  for (uint64_t step = 0; step < 5; ++step) {
    c.gradient = random_vector(10, 50 + step);
    const Results got = run(place(), c);
    expect_results(got, reference(c), 1.0);
    c.weight = to_vector(got.at("weight"));
    c.velocity = to_vector(got.at("velocity"));
  }
}

TEST_P(MomentumUpdateTest, NoWeights) {
  EXPECT_EQ(run(place(), Case{}).at("weight").size(), 0u);
}

TEST_P(MomentumUpdateTest, NanShowsInItsWeightAndNowhereElse) {
  Case c = random_case(9, 2);
  c.gradient[8] = NAN;
  const Results got = run(place(), c);
  for (const char* name : {"weight", "velocity", "operand"}) {
    for (std::size_t i = 0; i < 9; ++i) EXPECT_EQ(std::isnan(got.at(name)[i]), i == 8) << name;
  }
}

TEST_P(MomentumUpdateTest, BrokenContractsThrow) {
  const auto expect_error = [&](auto break_it) {
    const std::vector<float> four(4);
    Memory memory(place());
    MomentumUpdate args{};
    args.weight = memory.inout("weight", four);
    args.velocity = memory.inout("velocity", four);
    args.gradient = memory.input(four);
    args.learning_rate = 0.1f;
    args.momentum = 0.9f;
    args.step = memory.input(StepValues{});
    args.operand = memory.output<bfloat16>("operand", 4);
    break_it(args);
    EXPECT_THROW(memory.run(kMomentumUpdate, args), Error);
  };
  expect_error([](MomentumUpdate& a) { a.velocity.size = 3; });
  expect_error([](MomentumUpdate& a) { a.gradient.size = 5; });
  expect_error([](MomentumUpdate& a) { a.operand.size = 3; });
  expect_error([](MomentumUpdate& a) { a.biases = 1; });
  expect_error([](MomentumUpdate& a) { a.biases = 5, a.operand = {}; });
  expect_error([](MomentumUpdate& a) { a.step.size = 0; });
}

TEST_P(MomentumUpdateTest, SameBitsAlways) {
  const Case c = random_case(2050, 3);
  expect_same_bits_always([&] { return run(place(), c); });
}

#ifdef FFWD_TEST_CUDA
using MomentumUpdateCuda = CudaAgainstCpu;

TEST_F(MomentumUpdateCuda, AgreesWithTheCpu) {
  for (const int64_t size : {1, 4, 1023, 5000}) {
    for (const Layout layout : kLayouts) {
      const Case c = random_case(size, uint64_t(size) + 1);
      expect_results(run(Place::cuda, c, layout), run(Place::cpu, c, layout), 2.0);
    }
  }
}
#endif

}  // namespace
}  // namespace ffwd::test
