// Totals of what rows add up, on every device. Eighths and their sums are exact in fp32.
#include "engine/network/running_sums.h"

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
  const Vector<float> rows(device(), host);
  // One place after the other, as fast as they can be queued; every other time of no rows.
  for (int64_t place = 0; place < kPlacesOfTotals; ++place) {
    sums.clear();
    if (place % 2 == 0) {
      device().copy(sums.view().data, rows.view().data, rows.size() * int64_t(sizeof(float)));
    }
    sums.add_up(place);
  }
  const std::vector<RunningFigures> totals = sums.totals(kPlacesOfTotals);
  for (size_t place = 0; place < totals.size(); ++place) {
    const float there = place % 2 == 0 ? 1.0f : 0.0f;
    EXPECT_EQ(totals[place].loss, there * want[0]) << place;
    EXPECT_EQ(totals[place].positive, there * want[1]) << place;
    EXPECT_EQ(totals[place].negative, there * want[2]) << place;
  }
}

TEST_P(RunningSumsOf, OneNumberARow) {
  RunningSums<float> sums(device(), 300);
  const std::vector<float> host(300, 0.5f);
  device().upload(sums.view().data, host.data(), int64_t(host.size() * sizeof(float)));
  sums.add_up(kPlacesOfTotals - 1);
  EXPECT_EQ(sums.totals(kPlacesOfTotals).back(), 150.0f);
}

FFWD_ON_EVERY_DEVICE(RunningSumsOf);

}  // namespace
}  // namespace ffwd::test
