// Has a learner learn by a recipe: stages, epochs, steps; figures for whoever watches.
#pragma once

#include <functional>
#include <optional>

#include "engine/device/buffer.h"
#include "host/training/learner.h"
#include "host/training/progress.h"

namespace ffwd {

class Trainer {
 public:
  // `train`: the images that it learns from. Learner and images must outlive it.
  Trainer(Learner& learner, const Recipe& recipe, const Images& train);

  // As if these steps had been run in so much time: run() goes on after them. They must have ended
  // where run() could be stopped, and the learner must be as they have left it.
  void go_on_after(int64_t steps, double train_seconds);

  // Runs the whole recipe. `stop` is asked between steps, and true ends the training there; but some
  // steps are played at once. Where an epoch is one step, so are epochs, for as long as progress is
  // due and at most to the next that is to be evaluated: they share their time evenly, and on_epoch
  // finds the learner as the last of them has left it. Throws UserError (not_finite) naming layer
  // and epoch when a loss is no longer a number.
  void run(const OnProgress& on_progress, const OnEpoch& on_epoch,
           const std::function<bool()>& stop);

  // For `stop`: does what is no training, such as saving, when all that is queued has been done. Its
  // time does not count.
  void pause(const std::function<void()>& work);

  const TrainingTotals& totals() const { return totals_; }

 private:
  void run_epoch(const Stage& stage, Progress& progress, const OnProgress& on_progress,
                 const OnEpoch& on_epoch, const std::function<bool()>& stop);
  // Epochs of one step, of which the first is progress.epoch.
  void run_full_batches(const Stage& stage, Progress& progress, const OnProgress& on_progress,
                        const OnEpoch& on_epoch);
  int64_t full_batches_at_once(const Progress& progress) const;
  // Sets `progress` after `step` steps of an epoch by the totals. Throws as run().
  void note(int64_t step, double images_per_second, EpochMetrics losses, Progress& progress) const;
  int64_t planned_images(const Progress& progress) const {
    return progress.stages * progress.epochs * train_->count;
  }
  // What the steps of an epoch, counted over the whole run, learn from.
  struct Table {
    int64_t epoch = 0;
    std::vector<int32_t> sample, label;
  };
  Table table_of(int64_t epoch) const;
  void upload_table(int64_t epoch);
  // Of `epochs` epochs, of which the first has this number, from 1, in its stage.
  void upload_values(int64_t epoch_of_stage, int64_t epochs);

  Learner* learner_;
  Recipe recipe_;
  const Images* train_;
  int64_t batch_, steps_an_epoch_;
  bool full_batch_;  // a step learns from all images
  Vector<int32_t> sample_, label_;
  Vector<StepValues> values_;      // of an epoch, or of the full batches that are played at once
  Table next_;                     // made while the device is still at work on the epoch before
  double full_batch_seconds_ = 0;  // of one, as of late
  TrainingTotals totals_;
  // Within an epoch: when train_seconds would have begun had there been no pauses.
  std::optional<double> clock_begin_;
};

}  // namespace ffwd
