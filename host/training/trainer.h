// Trains a network by a recipe: stages, epochs, steps; figures for whoever watches.
#pragma once

#include <functional>
#include <optional>

#include "engine/image_store.h"
#include "host/data/dataset.h"
#include "host/training/progress.h"
#include "host/training/steps.h"

namespace ffwd {

class Trainer {
 public:
  // Copies the images to the network's device. The network must outlive it, and so must images and
  // trace.
  Trainer(Network& network, const Recipe& recipe, const Images& train,
          const Execution& execution = {});

  // As if these steps had been run in so much time: run() goes on after them. They must have ended
  // where run() could be stopped, and the network must be as they have left it.
  void go_on_after(int64_t steps, double train_seconds) {
    totals_ = totals_after(steps, train_seconds, train_->count, batch_);
  }

  // Runs the whole recipe. `stop` is asked between the steps that are played at once, and between
  // epochs; true ends the training there. Throws UserError (not_finite) naming layer and epoch when
  // a loss is no longer a number.
  void run(const OnProgress& on_progress, const OnEpoch& on_epoch,
           const std::function<bool()>& stop);

  const TrainingTotals& totals() const { return totals_; }
  // The training images, for the device.
  const uint8_t* pixels() const { return pixels_.pixels(); }

 private:
  void run_epoch(const Stage& stage, Progress& progress, const OnProgress& on_progress,
                 const std::function<bool()>& stop);
  // Means over the epoch's first `steps` steps; checks that they are numbers.
  void read_metrics(const Stage& stage, int64_t steps, EpochMetrics& metrics);
  // What the steps of an epoch, counted over the whole run, learn from.
  struct Table {
    int64_t epoch = 0;
    std::vector<int32_t> sample, label;
  };
  Table table_of(int64_t epoch) const;
  // Uploads the table of the current epoch, which has this number, from 1, in its stage.
  void upload_table(int64_t epoch_of_stage);
  void clear_figures(const Stage& stage);

  Network* network_;
  Recipe recipe_;
  const Images* train_;
  int64_t batch_;
  ImageStore pixels_;
  Vector<int32_t> sample_, label_;
  Vector<StepValues> values_;  // of the steps of an epoch
  bool same_batch_;            // in every step
  bool table_is_there_ = false;
  Table next_;  // made while the device is still at work on the epoch before
  Steps steps_;
  TrainingTotals totals_;
};

}  // namespace ffwd
