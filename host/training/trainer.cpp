#include "host/training/trainer.h"

#include <algorithm>

#include "engine/range.h"
#include "host/basics/clock.h"
#include "host/training/batches.h"
#include "host/training/require_finite.h"
#include "host/training/step_values.h"

namespace ffwd {

Trainer::Trainer(Network& network, const Recipe& recipe, const Images& train,
                 const Execution& execution)
    : network_(&network),
      recipe_(recipe),
      train_(&train),
      batch_(batch_of(recipe, train.count)),
      pixels_(network.device(), train.pixels),
      sample_(network.device(), train.count),
      label_(network.device(), kShows * train.count),
      values_(network.device(), steps_an_epoch(train.count, batch_)),
      same_batch_(batch_ == train.count),
      steps_(network, recipe, pixels(), batch_, same_batch_, execution) {}

void Trainer::run(const OnProgress& on_progress, const OnEpoch& on_epoch,
                  const std::function<bool()>& stop) {
  const auto stages = stages_of(recipe_.training.schedule, int64_t(network_->layers().size()),
                                recipe_.network.head);
  const int64_t epochs = recipe_.training.epochs;
  Progress progress{};
  progress.stages = int64_t(stages.size());
  progress.epochs = epochs;
  progress.steps = values_.size();
  for (int64_t done = totals_.steps / progress.steps;
       done < progress.stages * epochs && !totals_.stopped; ++done) {
    totals_.epochs = done + 1;
    progress.stage = 1 + done / epochs;
    progress.epoch = 1 + done % epochs;
    run_epoch(stages[size_t(done / epochs)], progress, on_progress, stop);
    on_epoch(progress.metrics);
    const bool at_the_end = done + 1 == progress.stages * epochs;
    if (!totals_.stopped && !at_the_end) totals_.stopped = stop();
  }
}

void Trainer::run_epoch(const Stage& stage, Progress& progress, const OnProgress& on_progress,
                        const std::function<bool()>& stop) {
  const Range range("epoch", progress.epoch);
  double begin = steady_seconds();  // moved on by what is no training
  const double trained_before = totals_.train_seconds;
  const int64_t count = train_->count, seen_before = totals_.images_seen;
  const int64_t done_before = totals_.steps % progress.steps;
  upload_table(progress.epoch);
  if (done_before == 0) clear_figures(stage);

  const int64_t planned = progress.stages * progress.epochs * count;
  const auto report = [&](int64_t steps) {
    network_->device().wait();
    totals_.train_seconds = trained_before + steady_seconds() - begin;
    const int64_t seen = totals_.images_seen - seen_before;
    note_totals(totals_, steps, double(seen) / std::max(1e-9, steady_seconds() - begin), planned,
                progress);
    read_metrics(stage, steps, progress.metrics);
    on_progress(progress);
  };

  double reported = begin;
  for (int64_t done = done_before; done < progress.steps && !totals_.stopped;) {
    // The last batch may be a smaller one, and is a plan of its own.
    const int64_t first = done * batch_, whole = (count - first) / batch_;
    const int64_t steps = std::max<int64_t>(1, std::min(whole, steps_.most_at_once()));
    const int64_t images = std::min(steps * batch_, count - first);
    steps_.run(stage, {sample_.view().slice(first, images),
                       label_.view().slice(kShows * first, kShows * images),
                       values_.view().slice(done, steps)});
    done += steps;
    totals_.steps += steps;
    totals_.images_seen += images;
    // On a GPU these steps are only queued yet.
    if (done == progress.steps && !same_batch_ && totals_.images_seen < planned) {
      next_ = table_of(totals_.epochs + 1);
    }
    if (done < progress.steps) {
      const double asked = steady_seconds();
      totals_.train_seconds = trained_before + asked - begin;
      totals_.stopped = stop();
      begin += steady_seconds() - asked;
    }
    if (done == progress.steps || totals_.stopped ||
        steady_seconds() - reported > kProgressSeconds) {
      report(done);
      reported = steady_seconds();
    }
  }
}

Trainer::Table Trainer::table_of(int64_t epoch) const {
  const std::vector<int32_t> order = epoch_order(recipe_, train_->count, epoch);
  return {epoch, order, epoch_labels(order, train_->labels, batch_)};
}

void Trainer::upload_table(int64_t epoch_of_stage) {
  const float factor =
      rate_factor(recipe_.optimiser.decay, epoch_of_stage, recipe_.training.epochs);
  const int64_t steps = values_.size();
  values_.upload(step_values(recipe_, factor, (epoch_of_stage - 1) * steps,
                             (totals_.epochs - 1) * steps, steps));
  // The order inside the one batch does not matter: it stays as it was in the first epoch.
  if (same_batch_ && table_is_there_) return;
  table_is_there_ = true;
  const int64_t epoch = same_batch_ ? 1 : totals_.epochs;
  if (next_.epoch != epoch) next_ = table_of(epoch);
  sample_.upload(next_.sample);
  label_.upload(next_.label);
}

void Trainer::clear_figures(const Stage& stage) {
  for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
    network_->layers()[size_t(l)].clear_figures();
  }
  if (stage.head) network_->head()->clear_loss();
}

void Trainer::read_metrics(const Stage& stage, int64_t steps, EpochMetrics& metrics) {
  auto& layers = network_->layers();
  metrics.layers.resize(layers.size());
  for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
    const RunningFigures sums = layers[size_t(l)].read_figures();
    const LayerMetrics means{double(sums.loss) / double(steps),
                             double(sums.positive) / double(steps),
                             double(sums.negative) / double(steps)};
    require_finite(means.loss, "layer " + std::to_string(l), totals_.epochs);
    metrics.layers[size_t(l)] = means;
  }
  if (stage.head) {
    metrics.head_loss = double(network_->head()->read_loss()) / double(steps);
    require_finite(*metrics.head_loss, "the head", totals_.epochs);
  }
}

}  // namespace ffwd
