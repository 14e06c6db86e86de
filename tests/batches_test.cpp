// The tables of an epoch: every image once, in an order that the seed fixes, three rows for each.
#include "host/training/batches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "kernels/overlay_labels.h"

namespace ffwd::test {
namespace {

TEST(Batch, IsNotLargerThanTheData) {
  Recipe recipe;
  for (const auto& [asked, batch] : {std::pair<int64_t, int64_t>{0, 60}, {59, 59}, {61, 60}}) {
    recipe.training.batch = asked;
    EXPECT_EQ(batch_of(recipe, 60), batch) << asked;
  }
}

TEST(Shuffle, IsAPermutation) {
  for (const int64_t count : {0, 1, 2, 1000}) {
    std::vector<int32_t> order = shuffled(count, 5, 1);
    std::sort(order.begin(), order.end());
    std::vector<int32_t> all(static_cast<size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    EXPECT_EQ(order, all);
  }
}

TEST(Shuffle, DependsOnSeedAndEpochAlone) {
  EXPECT_EQ(shuffled(100, 5, 1), shuffled(100, 5, 1));
  EXPECT_NE(shuffled(100, 5, 1), shuffled(100, 5, 2));
  EXPECT_NE(shuffled(100, 5, 1), shuffled(100, 6, 1));
}

TEST(Shuffle, PutsEveryImageAnywhere) {
  // Each of 4 images in each of 4 places: 2000 shuffles, expected 500 each, deviation 19; 6
  // deviations allowed.
  int count[4][4] = {};
  for (uint32_t epoch = 0; epoch < 2000; ++epoch) {
    const auto order = shuffled(4, 9, epoch);
    for (int place = 0; place < 4; ++place) ++count[order[size_t(place)]][place];
  }
  for (const auto& image : count) {
    for (const int times : image) EXPECT_NEAR(times, 500, 116);
  }
}

TEST(EpochLabels, ShowEveryBatchUnderItsTrueAWrongAndTheNeutralLabel) {
  const int32_t neutral = kNeutralLabel;
  EXPECT_EQ(epoch_labels({2, 0, 1}, {10, 11, 12}, 2),
            (std::vector<int32_t>{12, 10, 12, 10, neutral, neutral, 11, 11, neutral}));
}

}  // namespace
}  // namespace ffwd::test
