// Totals of what rows add up, on every device, against the same sums in double.
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
  double want[3] = {};
  for (int64_t i = 0; i < 3 * kRows; ++i) {
    host.push_back(unit_interval(random_bits(3, RandomUse::weights, uint64_t(i), 0).word[0]));
    want[i % 3] += double(host.back());
  }
  device().upload(sums.view().data, host.data(), int64_t(host.size() * sizeof(float)));

  const RunningFigures totals = sums.read_totals();
  // Sums of 256 numbers, and of 391 such sums: fewer than a thousand roundings.
  EXPECT_NEAR(totals.loss, want[0], 1e3 * 0x1p-24 * want[0]);
  EXPECT_NEAR(totals.positive, want[1], 1e3 * 0x1p-24 * want[1]);
  EXPECT_NEAR(totals.negative, want[2], 1e3 * 0x1p-24 * want[2]);

  sums.clear();
  EXPECT_EQ(sums.read_totals().loss, 0.0f);
}

TEST_P(RunningSumsOf, OneNumberARow) {
  RunningSums<float> sums(device(), 300);
  const std::vector<float> host(300, 0.5f);
  device().upload(sums.view().data, host.data(), int64_t(host.size() * sizeof(float)));
  EXPECT_EQ(sums.read_totals(), 150.0f);
}

FFWD_ON_EVERY_DEVICE(RunningSumsOf);

}  // namespace
}  // namespace ffwd::test
