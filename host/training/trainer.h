// Trains a network by a recipe: stages, epochs, steps; figures for whoever watches.
#pragma once

#include <functional>
#include <optional>

#include "engine/image_store.h"
#include "host/data/dataset.h"
#include "host/runs/run_records.h"
#include "host/training/steps.h"

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
  int64_t epochs = 0, steps = 0, images_seen = 0;
  double train_seconds = 0;  // learning only
  bool stopped = false;      // before its end
};

// Of a training that could be stopped after so many steps on so many images.
TrainingTotals totals_after(int64_t steps, double train_seconds, int64_t images, int64_t batch);

// Sets of `progress` what follows from the totals after `step` steps of its epoch: speed, time left
// and the epoch's metrics without losses. `planned`: images of the whole run.
void note_totals(const TrainingTotals& totals, int64_t step, double images_per_second,
                 int64_t planned, Progress& progress);

// What the learning rates are multiplied by in an epoch, counted from 1.
float rate_factor(RateDecay decay, int64_t epoch, int64_t epochs);

class Trainer {
 public:
  // Called every half second or so, and at the end of every epoch.
  using OnProgress = std::function<void(const Progress&)>;
  // Called after every epoch; may add accuracies. Its time does not count as training.
  using OnEpoch = std::function<void(EpochMetrics&)>;

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
  // Of the current epoch, which has this number, from 1, in its stage.
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
