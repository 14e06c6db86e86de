#include "host/training/trainer.h"

#include <algorithm>

#include "engine/range.h"
#include "host/basics/clock.h"
#include "host/plan/plan_shape.h"
#include "host/training/batches.h"
#include "host/training/require_finite.h"
#include "host/training/step_values.h"

namespace ffwd {
namespace {

// So many wait for the host to read their figures.
constexpr int64_t kFullBatchesAtOnce = RunningSums<RunningFigures>::kPlaces;

}  // namespace

Trainer::Trainer(Network& network, const Recipe& recipe, const Images& train,
                 const Execution& execution)
    : network_(&network),
      recipe_(recipe),
      train_(&train),
      batch_(batch_of(recipe, train.count)),
      steps_an_epoch_(ffwd::steps_an_epoch(train.count, batch_)),
      full_batch_(steps_an_epoch_ == 1),
      pixels_(network.device(), train.pixels),
      sample_(network.device(), train.count),
      label_(network.device(), kShows * train.count),
      values_(network.device(), full_batch_ ? kFullBatchesAtOnce : steps_an_epoch_),
      steps_(network, recipe, pixels(), batch_, full_batch_, execution) {}

void Trainer::run(const OnProgress& on_progress, const OnEpoch& on_epoch,
                  const std::function<bool()>& stop) {
  const auto stages = stages_of(recipe_);
  Progress progress{};
  progress.stages = int64_t(stages.size());
  progress.epochs = recipe_.training.epochs;
  progress.steps = steps_an_epoch_;
  if (full_batch_) upload_table(1);  // the order inside the one batch does not matter
  const int64_t end = progress.stages * progress.epochs * progress.steps;
  while (totals_.steps < end && !totals_.stopped) {
    const int64_t epoch = totals_.steps / progress.steps;
    const Stage& stage = stages[size_t(epoch / progress.epochs)];
    progress.stage = 1 + epoch / progress.epochs;
    progress.epoch = 1 + epoch % progress.epochs;
    if (full_batch_) {
      run_full_batches(stage, progress, on_progress, on_epoch);
    } else {
      totals_.epochs = epoch + 1;
      run_epoch(stage, progress, on_progress, stop);
      on_epoch(progress.metrics);
    }
    if (totals_.steps < end && !totals_.stopped) totals_.stopped = stop();
  }
}

int64_t Trainer::full_batches_at_once(const Progress& progress) const {
  const int64_t every = recipe_.training.evaluate_every;
  const int64_t to_evaluation = every > 0 ? every - totals_.epochs % every : kFullBatchesAtOnce;
  const double in_time = kProgressSeconds / full_batch_seconds_;
  return std::max<int64_t>(
      1, std::min({kFullBatchesAtOnce, to_evaluation, progress.epochs - progress.epoch + 1,
                   int64_t(std::min(in_time, double(kFullBatchesAtOnce)))}));
}

// A host that waited for the figures of each would leave a GPU without work in the meantime.
void Trainer::run_full_batches(const Stage& stage, Progress& progress,
                               const OnProgress& on_progress, const OnEpoch& on_epoch) {
  const int64_t count = full_batches_at_once(progress), first = progress.epoch;
  const Range range("full batches", count);
  const double begin = steady_seconds();
  upload_values(first, count);
  for (int64_t i = 0; i < count; ++i) {
    clear_running(stage);
    steps_.run(stage, {sample_.view(), label_.view(), values_.view().slice(i, 1)});
    add_up_running(stage, i);
  }
  network_->device().wait();

  full_batch_seconds_ = std::max(1e-9, (steady_seconds() - begin) / double(count));
  const int64_t planned = progress.stages * progress.epochs * train_->count;
  for (int64_t i = 0; i < count; ++i) {
    progress.epoch = first + i;
    ++totals_.epochs;
    ++totals_.steps;
    totals_.images_seen += train_->count;
    totals_.train_seconds += full_batch_seconds_;
    note_totals(totals_, 1, double(train_->count) / full_batch_seconds_, planned, progress);
    read_metrics(stage, i, 1, progress.metrics);
    on_progress(progress);
    on_epoch(progress.metrics);
  }
}

void Trainer::run_epoch(const Stage& stage, Progress& progress, const OnProgress& on_progress,
                        const std::function<bool()>& stop) {
  const Range range("epoch", progress.epoch);
  double begin = steady_seconds();  // moved on by what is no training
  const double trained_before = totals_.train_seconds;
  const int64_t count = train_->count, seen_before = totals_.images_seen;
  const int64_t done_before = totals_.steps % progress.steps;
  upload_table(totals_.epochs);
  upload_values(progress.epoch, 1);
  if (done_before == 0) clear_running(stage);

  const int64_t planned = progress.stages * progress.epochs * count;
  const auto report = [&](int64_t steps) {
    add_up_running(stage, 0);
    network_->device().wait();
    totals_.train_seconds = trained_before + steady_seconds() - begin;
    const int64_t seen = totals_.images_seen - seen_before;
    note_totals(totals_, steps, double(seen) / std::max(1e-9, steady_seconds() - begin), planned,
                progress);
    read_metrics(stage, 0, steps, progress.metrics);
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
    if (done == progress.steps && totals_.images_seen < planned) {
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

void Trainer::upload_table(int64_t epoch) {
  if (next_.epoch != epoch) next_ = table_of(epoch);
  sample_.upload(next_.sample);
  label_.upload(next_.label);
}

void Trainer::upload_values(int64_t epoch_of_stage, int64_t epochs) {
  std::vector<StepValues> values;
  for (int64_t i = 0; i < epochs; ++i) {
    const int64_t epoch = epoch_of_stage + i,
                  first = totals_.steps - totals_.steps % steps_an_epoch_;
    const float factor = rate_factor(recipe_.optimiser.decay, epoch, recipe_.training.epochs);
    const auto of_epoch = step_values(recipe_, factor, (epoch - 1) * steps_an_epoch_,
                                      first + i * steps_an_epoch_, steps_an_epoch_);
    values.insert(values.end(), of_epoch.begin(), of_epoch.end());
  }
  values.resize(size_t(values_.size()));
  values_.upload(values);
}

void Trainer::clear_running(const Stage& stage) {
  for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
    network_->layers()[size_t(l)].running().clear();
  }
  if (stage.head) network_->head()->running().clear();
}

void Trainer::add_up_running(const Stage& stage, int64_t place) {
  for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
    network_->layers()[size_t(l)].running().add_up(place);
  }
  if (stage.head) network_->head()->running().add_up(place);
}

void Trainer::read_metrics(const Stage& stage, int64_t place, int64_t steps,
                           EpochMetrics& metrics) {
  auto& layers = network_->layers();
  metrics.layers.resize(layers.size());
  for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
    const RunningFigures sums = layers[size_t(l)].running().totals(place);
    const LayerMetrics means{double(sums.loss) / double(steps),
                             double(sums.positive) / double(steps),
                             double(sums.negative) / double(steps)};
    require_finite(means.loss, "layer " + std::to_string(l), totals_.epochs);
    metrics.layers[size_t(l)] = means;
  }
  if (stage.head) {
    metrics.head_loss = double(network_->head()->running().totals(place)) / double(steps);
    require_finite(*metrics.head_loss, "the head", totals_.epochs);
  }
}

}  // namespace ffwd
