// Trains the backpropagation baseline by a recipe.
#pragma once

#include <functional>

#include "engine/backprop_network.h"
#include "engine/image_store.h"
#include "host/data/dataset.h"
#include "host/recipe/recipe.h"
#include "host/training/progress.h"

namespace ffwd {

class BackpropTrainer {
 public:
  // Copies the images to the network's device. Network and images must outlive it.
  BackpropTrainer(BackpropNetwork& network, const Recipe& recipe, const Images& train);

  // As Trainer::go_on_after.
  void go_on_after(int64_t steps, double train_seconds) {
    totals_ = totals_after(steps, train_seconds, train_->count, batch_);
  }

  // As Trainer::run, but `stop` is asked between epochs alone. The loss stands where a head's does;
  // it is the mean over the epoch's images, each before the step that it was learnt in.
  void run(const OnProgress& on_progress, const OnEpoch& on_epoch,
           const std::function<bool()>& stop);

  const TrainingTotals& totals() const { return totals_; }
  // The training images, for the device.
  const uint8_t* pixels() const { return pixels_.pixels(); }

 private:
  void run_epoch(Progress& progress, const OnProgress& on_progress);
  void upload_order();

  BackpropNetwork* network_;
  Recipe recipe_;
  Optimiser optimiser_;
  const Images* train_;
  int64_t batch_;
  ImageStore pixels_;
  Vector<int32_t> sample_, label_;
  Vector<StepValues> values_;  // of the steps of an epoch
  TrainingTotals totals_;
};

}  // namespace ffwd
