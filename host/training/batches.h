// Which images batches show, and under which labels: the tables that an epoch's steps read.
#pragma once

#include <cstdint>
#include <vector>

#include "host/recipe/recipe.h"
#include "kernels/step_values.h"
#include "kernels/view.h"

namespace ffwd {

// Batches to learn from, one a step. Device memory; the batch of step s is the s-th of equal parts.
struct Batches {
  VectorView<const int32_t> sample;     // (steps * B): which images
  VectorView<int32_t> label;            // (steps * 3B): epoch_labels
  VectorView<const StepValues> values;  // (steps)

  int64_t steps() const { return values.size; }
  int64_t images() const { return sample.size / steps(); }  // of a step
};

// How many images a step learns from, of so many that there are.
int64_t batch_of(const Recipe& recipe, int64_t images);

// The last one of an epoch may be smaller than the others.
int64_t steps_an_epoch(int64_t images, int64_t batch);

// 0 .. count-1.
std::vector<int32_t> in_order(int64_t count);

// A permutation of 0 .. count-1 that depends on (seed, epoch) alone.
std::vector<int32_t> shuffled(int64_t count, uint64_t seed, uint32_t epoch);

// The order in which an epoch, counted from 1 over the whole training, shows so many images.
std::vector<int32_t> epoch_order(const Recipe& recipe, int64_t count, int64_t epoch);

// The labels of all batches of an epoch, one batch after the other. A batch of b images is shown
// three times: b rows with the true label, b with a wrong one (to be drawn on the device; the true
// one stands there until then), and b with the neutral label.
std::vector<int32_t> epoch_labels(const std::vector<int32_t>& order,
                                  const std::vector<int32_t>& labels, int64_t batch);

}  // namespace ffwd
