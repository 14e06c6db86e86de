// Totals of what rows add up, on every device. Eighths and their sums are exact in fp32.
#include "engine/running_sums.h"

#include "kernels/random.h"
#include "kernels/running_figures.h"
#include "tests/devices.h"

namespace ffwd::test {
namespace {

class RunningSumsOf : public OnDevice {};

TEST_P(RunningSumsOf, ManyRows) {
  constexpr int64_t kRows = 100001;
  RunningSums<RunningFigures> sums(device(), kRows);
  std::vector<float> host;
  float want[3] = {};
  for (int64_t i = 0; i < 3 * kRows; ++i) {
    host.push_back(float(random_bits(3, RandomUse::weights, uint64_t(i), 0).word[0] % 8) / 8);
    want[i % 3] += host.back();
  }
  device().upload(sums.view().data, host.data(), int64_t(host.size() * sizeof(float)));

  sums.add_up(0);
  const RunningFigures totals = sums.totals(0);
  EXPECT_EQ(totals.loss, want[0]);
  EXPECT_EQ(totals.positive, want[1]);
  EXPECT_EQ(totals.negative, want[2]);

  sums.clear();
  sums.add_up(1);
  EXPECT_EQ(sums.totals(1).loss, 0.0f);
  EXPECT_EQ(sums.totals(0).loss, want[0]) << "places do not touch each other";
}

TEST_P(RunningSumsOf, OneNumberARow) {
  RunningSums<float> sums(device(), 300);
  const std::vector<float> host(300, 0.5f);
  device().upload(sums.view().data, host.data(), int64_t(host.size() * sizeof(float)));
  const int64_t last = RunningSums<float>::kPlaces - 1;
  sums.add_up(last);
  EXPECT_EQ(sums.totals(last), 150.0f);
}

FFWD_ON_EVERY_DEVICE(RunningSumsOf);

}  // namespace
}  // namespace ffwd::test
