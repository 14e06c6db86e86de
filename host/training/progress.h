// How far a training is, for whoever watches it.
#pragma once

#include <cstdint>
#include <functional>

#include "host/runs/run_records.h"

namespace ffwd {

// Where a training is, for a progress line. Metrics are means over the epoch so far.
struct Progress {
  int64_t stage, stages, epoch, epochs, step, steps;  // steps of the epoch; all counts from 1
  double images_per_second, seconds_left;
  EpochMetrics metrics;
};

inline constexpr double kProgressSeconds = 0.5;  // between reports within an epoch

// What a training has done so far.
struct TrainingTotals {
  int64_t epochs = 0;  // begun
  int64_t steps = 0, images_seen = 0;
  double train_seconds = 0;  // learning only
  bool stopped = false;      // before its end
};

// Called every half second or so, and for every epoch before OnEpoch is.
using OnProgress = std::function<void(const Progress&)>;
// Called for every epoch, in their order; may add accuracies. Its time does not count as training.
using OnEpoch = std::function<void(EpochMetrics&)>;

}  // namespace ffwd
