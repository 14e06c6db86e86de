// Trains a network by a recipe: stages, epochs, steps; figures for whoever watches.
#pragma once

#include <functional>
#include <optional>

#include "host/dataset.h"
#include "host/run_records.h"
#include "host/step.h"

namespace ffwd {

// Where a training is, for a progress line. Metrics are means over the epoch so far.
struct Progress {
  int64_t stage, stages, epoch, epochs, step, steps;  // steps of the epoch; all counts from 1
  double images_per_second, seconds_left;
  EpochMetrics metrics;
};

class Trainer {
 public:
  // Called every half second or so, and at the end of every epoch.
  using OnProgress = std::function<void(const Progress&)>;
  // Called after every epoch; may add accuracies. Its time does not count as training.
  using OnEpoch = std::function<void(EpochMetrics&)>;

  // Copies the images to the network's device. The network must outlive it.
  Trainer(Network& network, const Recipe& recipe, const Images& train);

  // Runs the whole recipe. `stop` is asked after every step; true ends the training there. Throws
  // UserError (not_finite) naming layer and epoch when a loss is no longer a number.
  void run(const OnProgress& on_progress, const OnEpoch& on_epoch,
           const std::function<bool()>& stop);

  double train_seconds() const { return train_seconds_; }
  int64_t steps() const { return steps_; }
  int64_t epochs() const { return epochs_; }
  int64_t images_seen() const { return images_seen_; }
  bool stopped() const { return stopped_; }
  // The training images on the device.
  const uint8_t* pixels() const { return pixels_.view().data; }

 private:
  void run_epoch(const Stage& stage, int64_t epoch, Progress& progress,
                 const OnProgress& on_progress, const std::function<bool()>& stop);
  // Means over the epoch's first `steps` steps; checks that they are numbers.
  void read_metrics(const Stage& stage, int64_t steps, EpochMetrics& metrics);
  void upload_table();
  void clear_totals();

  Network* network_;
  Recipe recipe_;
  const Images* train_;
  int64_t batch_;
  Vector<uint8_t> pixels_;
  Vector<int32_t> sample_, label_;
  Step step_;
  double train_seconds_ = 0;
  int64_t steps_ = 0, epochs_ = 0, images_seen_ = 0;
  bool stopped_ = false;
};

}  // namespace ffwd
