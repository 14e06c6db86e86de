// What the benchmarks are made of: contenders that take turns, and what is said about two sets of
// samples.
#include <gtest/gtest.h>

#include "bench/compare_reports.h"
#include "bench/memory.h"
#include "bench/rounds.h"
#include "engine/network/layer_shape.h"

namespace ffwd::test {
namespace {

using Seconds = std::vector<double>;

TEST(Rounds, ContendersTakeTurns) {
  std::string order;
  double now = 0;
  bench::Rounds rounds;
  rounds.add("a", [&] { return order += "a", now += 1; });
  rounds.add(
      "b", [&] { return order += "b", now += 1; }, /*count=*/2);
  rounds.run(3);
  EXPECT_EQ(order, "ababab");
  EXPECT_EQ(rounds.timings().at(0).name, "a");
  EXPECT_EQ(rounds.timings().at(0).seconds, (Seconds{1, 3, 5}));
  EXPECT_EQ(rounds.timings().at(1).seconds, (Seconds{1, 2, 3}));
}

TEST(CompareReports, CountsPairsInWhichTheSecondIsLess) {
  EXPECT_EQ(bench::share_below({1, 2}, {1, 2}), 0.5);
  EXPECT_EQ(bench::share_below({1, 2}, {3, 4, 5}), 1);
  EXPECT_EQ(bench::share_below({3, 4, 5}, {1, 2}), 0);
  EXPECT_EQ(bench::share_below({1, 9}, {2, 3, 4, 5}), 0.5);  // one far above counts as one
}

TEST(CompareReports, SaysSomethingOnlyWhereTheMiddleHalvesLieApart) {
  // 17 of which the 5th and 13th are the quartiles.
  const auto samples = [](double first, double last) {
    Seconds some(17, (first + last) / 2);
    std::fill_n(some.begin(), 5, first);
    std::fill_n(some.end() - 5, 5, last);
    some.front() = 1;
    some.back() = 100;
    return some;
  };
  const Seconds a = samples(11, 13), few(14, 1.0);
  EXPECT_EQ(bench::verdict(a, samples(10, 10.9)), "faster");
  EXPECT_EQ(bench::verdict(a, samples(13.1, 15)), "slower");
  EXPECT_EQ(bench::verdict(a, samples(10, 11)), "no difference");
  EXPECT_EQ(bench::verdict(a, a), "no difference");
  EXPECT_EQ(bench::verdict(a, few), "too few samples");
  EXPECT_EQ(bench::verdict(few, a), "too few samples");
}

TEST(Memory, TheYardstickByHand) {
  PlanShape shape;
  shape.image = {2, 4, 1};
  shape.classes = 2;
  shape.layers = layer_shapes({{LayerSpec::Kind::dense, 16}, {LayerSpec::Kind::dense, 3}},
                              shape.image, Activation::relu, {});
  shape.batch = 5;
  shape.head = false;
  shape.optimiser_states = 2;
  // Weight, m and v of 16 x (8 + 1) and 3 x (16 + 1); z and y of 10 rows; 5 images.
  EXPECT_EQ(bench::memory_yardstick(shape),
            4 * 3 * (16 * 9 + 3 * 17) + 4 * 2 * 10 * (16 + 3) + 5 * 8);
  shape.activation_bytes = 2;
  EXPECT_EQ(bench::memory_yardstick(shape),
            4 * 3 * (16 * 9 + 3 * 17) + 2 * 2 * 10 * (16 + 3) + 5 * 8);
}

TEST(Memory, WhatWasAllocatedIsInUse) {
  const auto device = make_cpu_device();
  constexpr int64_t kBytes = int64_t(64) << 20;
  const int64_t before = bench::memory_in_use(*device);
  void* const memory = device->allocate(kBytes);
  EXPECT_GE(bench::memory_in_use(*device) - before, kBytes * 0.95);  // sanitizers have more
  device->release(memory);
}

}  // namespace
}  // namespace ffwd::test
