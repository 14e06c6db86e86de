// Which images a batch shows, and under which labels: the tables that an epoch's steps read.
#pragma once

#include <cstdint>
#include <vector>

namespace ffwd {

// A permutation of 0 .. count-1 that depends on (seed, epoch) alone.
std::vector<int32_t> shuffled(int64_t count, uint64_t seed, uint32_t epoch);

// The rows of all batches of an epoch, one batch after the other. A batch of b images has 3b rows: b positive
// (the true label), b negative (a wrong label, to be drawn on the device), b neutral.
struct EpochTable {
  std::vector<int32_t> sample, label;  // 3 * images
};
EpochTable epoch_table(const std::vector<int32_t>& order, const std::vector<int32_t>& labels, int64_t batch);

}  // namespace ffwd
