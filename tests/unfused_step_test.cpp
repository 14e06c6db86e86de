// The baseline of ffwd bench does what the engine does: from the same weights it learns the same.
#include "bench/unfused_step.h"

#include <gtest/gtest.h>

#include <cmath>

#include "bench/training_case.h"
#include "tests/devices.h"

namespace ffwd::test {
namespace {

class UnfusedStep : public OnDevice {};
FFWD_ON_EVERY_DEVICE(UnfusedStep);

TEST_P(UnfusedStep, LearnsWhatTheEngineLearns) {
  constexpr int kSteps = 5;
  bench::TrainingCase training(device(), {{50, 33}, 20}, kSteps, ExecutorKind::serial);
  const auto unfused = training.unfused();
  const auto start = {training.network().layers()[0].weights(),
                      training.network().layers()[1].weights()};
  training.run();
  for (int step = 0; step < kSteps; ++step) unfused->run();
  size_t layer = 0;
  for (const std::vector<float>& before : start) {
    const std::vector<float> want = training.network().layers()[layer].weights();
    const std::vector<float> got = unfused->weights(layer++);
    ASSERT_EQ(got.size(), want.size());
    float moved = 0.0f;
    for (size_t i = 0; i < want.size(); ++i) {
      moved = std::max(moved, std::fabs(want[i] - before[i]));
      // Of five steps of 0.001 each.
      ASSERT_NEAR(got[i], want[i], 1e-5f) << "layer " << layer - 1 << " weight " << i;
    }
    EXPECT_GT(moved, 1e-3f);
  }
}

}  // namespace
}  // namespace ffwd::test
