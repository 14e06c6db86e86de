#include "host/training/backprop_trainer.h"

#include <algorithm>

#include "engine/range.h"
#include "host/basics/clock.h"
#include "host/recipe/recipe_network.h"
#include "host/training/batches.h"
#include "host/training/require_finite.h"
#include "host/training/step_values.h"

namespace ffwd {
BackpropTrainer::BackpropTrainer(BackpropNetwork& network, const Recipe& recipe,
                                 const Images& train)
    : network_(&network),
      recipe_(recipe),
      optimiser_(layer_optimiser(recipe)),
      train_(&train),
      batch_(batch_of(recipe, train.count)),
      pixels_(network.device(), train.pixels),
      sample_(network.device(), train.count),
      label_(network.device(), train.count),
      values_(network.device(), steps_an_epoch(train.count, batch_)) {}

void BackpropTrainer::run(const OnProgress& on_progress, const OnEpoch& on_epoch,
                          const std::function<bool()>& stop) {
  Progress progress{};
  progress.stage = progress.stages = 1;
  progress.epochs = recipe_.training.epochs;
  progress.steps = values_.size();
  for (int64_t done = totals_.steps / progress.steps; done < progress.epochs && !totals_.stopped;
       ++done) {
    totals_.epochs = progress.epoch = done + 1;
    run_epoch(progress, on_progress);
    on_epoch(progress.metrics);
    totals_.stopped = progress.epoch < progress.epochs && stop();
  }
}

void BackpropTrainer::run_epoch(Progress& progress, const OnProgress& on_progress) {
  const Range range("epoch", progress.epoch);
  const double begin = steady_seconds(), trained_before = totals_.train_seconds;
  const int64_t planned = progress.epochs * train_->count;
  const float factor =
      rate_factor(recipe_.optimiser.decay, progress.epoch, recipe_.training.epochs);
  const int64_t first = (progress.epoch - 1) * progress.steps;
  values_.upload(step_values(recipe_, factor, first, first, progress.steps));
  upload_order();

  double loss = 0, reported = begin;  // loss: what has been cleared, summed over its images
  int64_t seen = 0;
  for (int64_t s = 0; s < progress.steps; ++s) {
    const int64_t images = std::min(batch_, train_->count - seen);
    network_->learn(pixels(), sample_.view().slice(seen, images), label_.view().slice(seen, images),
                    optimiser_, values_.view().slice(s, 1));
    seen += images;
    totals_.images_seen += images;
    ++totals_.steps;
    const bool due = s + 1 == progress.steps || steady_seconds() - reported > kProgressSeconds;
    // The last step may be smaller than the others: what they added up is taken before it.
    const bool at_an_end = s + 2 >= progress.steps;
    if (!due && !at_an_end) continue;
    network_->running().add_up(0);
    const double sum = loss + double(images) * double(network_->running().totals(1)[0]);
    if (at_an_end) {
      loss = sum;
      network_->running().clear();
    }
    if (!due) continue;

    reported = steady_seconds();
    totals_.train_seconds = trained_before + reported - begin;
    note_totals(totals_, s + 1, double(seen) / std::max(1e-9, reported - begin), planned, progress);
    progress.metrics.head_loss = sum / double(seen);
    require_finite(*progress.metrics.head_loss, "the network", totals_.epochs);
    on_progress(progress);
  }
}

void BackpropTrainer::upload_order() {
  const std::vector<int32_t> order = epoch_order(recipe_, train_->count, totals_.epochs);
  std::vector<int32_t> label;
  for (const int32_t image : order) label.push_back(train_->labels[size_t(image)]);
  sample_.upload(order);
  label_.upload(label);
}

}  // namespace ffwd
