#include "host/training/batches.h"

#include <algorithm>
#include <numeric>

#include "host/plan/plan.h"
#include "kernels/overlay_labels.h"
#include "kernels/random.h"

namespace ffwd {

int64_t batch_of(const Recipe& recipe, int64_t images) {
  return recipe.training.batch == 0 ? images : std::min(recipe.training.batch, images);
}

int64_t steps_an_epoch(int64_t images, int64_t batch) {
  return (images + batch - 1) / batch;
}

std::vector<int32_t> in_order(int64_t count) {
  std::vector<int32_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

std::vector<int32_t> shuffled(int64_t count, uint64_t seed, uint32_t epoch) {
  std::vector<int32_t> order = in_order(count);
  for (int64_t i = count - 1; i > 0; --i) {  // Fisher and Yates
    const uint64_t word = random_bits(seed, RandomUse::shuffle, uint64_t(i), epoch).word[0];
    std::swap(order[size_t(i)], order[size_t(word * uint64_t(i + 1) >> 32)]);
  }
  return order;
}

std::vector<int32_t> epoch_order(const Recipe& recipe, int64_t count, int64_t epoch) {
  return recipe.training.shuffle ? shuffled(count, recipe.training.seed, uint32_t(epoch))
                                 : in_order(count);
}

std::vector<int32_t> epoch_labels(const std::vector<int32_t>& order,
                                  const std::vector<int32_t>& labels, int64_t batch) {
  std::vector<int32_t> rows;
  rows.reserve(size_t(kShows) * order.size());
  for (auto first = order.begin(); first != order.end();) {
    const auto end = first + std::min<int64_t>(batch, order.end() - first);
    const auto add_true_labels = [&] {
      for (auto i = first; i != end; ++i) rows.push_back(labels[size_t(*i)]);
    };
    add_true_labels();  // of positive rows
    add_true_labels();  // of negative rows, for now
    rows.insert(rows.end(), size_t(end - first), kNeutralLabel);
    first = end;
  }
  return rows;
}

}  // namespace ffwd
