#include "host/training/trainer.h"

#include <algorithm>

#include "engine/device/range.h"
#include "host/basics/clock.h"
#include "host/model/require_finite.h"
#include "host/plan/recipe_plan.h"
#include "host/training/batches.h"
#include "host/training/step_values.h"

namespace ffwd {
namespace {

// Each has a place for its figures until the host reads them.
constexpr int64_t kFullBatchesAtOnce = kPlacesOfTotals;
// The first of a stage: a plan is played once and captured once before it is only launched, and of
// how long one takes nothing is known.
constexpr int64_t kFullBatchesOneByOne = 3;

// `whole`: what has the loss that stands where a head's does.
void require_finite_losses(const EpochMetrics& metrics, const std::string& whole) {
  for (size_t l = 0; l < metrics.layers.size(); ++l) {
    if (!metrics.layers[l]) continue;
    require_finite(metrics.layers[l]->loss, "layer " + std::to_string(l), metrics.epoch);
  }
  if (metrics.head_loss) require_finite(*metrics.head_loss, whole, metrics.epoch);
}

}  // namespace

Trainer::Trainer(Learner& learner, const Recipe& recipe, const Images& train)
    : learner_(&learner),
      recipe_(recipe),
      train_(&train),
      batch_(batch_of(recipe, train.count)),
      steps_an_epoch_(ffwd::steps_an_epoch(train.count, batch_)),
      full_batch_(steps_an_epoch_ == 1),
      sample_(learner.device(), train.count),
      label_(learner.device(), kShows * train.count),
      values_(learner.device(), full_batch_ ? kFullBatchesAtOnce : steps_an_epoch_) {}

void Trainer::go_on_after(int64_t steps, double train_seconds) {
  const int64_t epochs = steps / steps_an_epoch_, rest = steps % steps_an_epoch_;
  totals_ = {epochs + (rest > 0), steps, epochs * train_->count + rest * batch_, train_seconds};
}

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
      run_epoch(stage, progress, on_progress, on_epoch, stop);
    }
    if (totals_.steps < end && !totals_.stopped) totals_.stopped = stop();
  }
}

int64_t Trainer::full_batches_at_once(const Progress& progress) const {
  // full_batch_seconds_ is not known at first after a resumption, either.
  if (progress.epoch <= kFullBatchesOneByOne || full_batch_seconds_ == 0) return 1;
  const int64_t every = recipe_.training.evaluate_every;
  const int64_t to_evaluation = every > 0 ? every - totals_.epochs % every : kFullBatchesAtOnce;
  const double in_time =
      std::clamp(kProgressSeconds / full_batch_seconds_, 1.0, double(kFullBatchesAtOnce));
  return std::min({int64_t(in_time), to_evaluation, progress.epochs - progress.epoch + 1});
}

// A host that waited for the figures of each would leave a GPU without work in the meantime.
void Trainer::run_full_batches(const Stage& stage, Progress& progress,
                               const OnProgress& on_progress, const OnEpoch& on_epoch) {
  const int64_t count = full_batches_at_once(progress), first = progress.epoch;
  const Range range("full batches", count);
  const double begin = steady_seconds();
  upload_values(first, count);
  for (int64_t i = 0; i < count; ++i) {
    learner_->clear_running(stage);
    learner_->learn(stage, {sample_.view(), label_.view(), values_.view().slice(i, 1)});
    learner_->add_up_running(stage, i);
  }
  const std::vector<EpochMetrics> losses = learner_->read_losses(stage, count, 1);
  full_batch_seconds_ = std::max(1e-9, (steady_seconds() - begin) / double(count));
  for (int64_t i = 0; i < count; ++i) {
    progress.epoch = first + i;
    ++totals_.epochs;
    ++totals_.steps;
    totals_.images_seen += train_->count;
    totals_.train_seconds += full_batch_seconds_;
    note(1, double(train_->count) / full_batch_seconds_, losses[size_t(i)], progress);
    on_progress(progress);
    on_epoch(progress.metrics);
  }
}

void Trainer::run_epoch(const Stage& stage, Progress& progress, const OnProgress& on_progress,
                        const OnEpoch& on_epoch, const std::function<bool()>& stop) {
  const Range range("epoch", progress.epoch);
  const double trained_before = totals_.train_seconds;
  clock_begin_ = steady_seconds() - trained_before;
  const int64_t count = train_->count, seen_before = totals_.images_seen;
  const int64_t done_before = totals_.steps % progress.steps;
  totals_.epochs = totals_.steps / progress.steps + 1;
  upload_table(totals_.epochs);
  upload_values(progress.epoch, 1);
  if (done_before == 0) learner_->clear_running(stage);

  const auto report = [&](int64_t steps) {
    learner_->add_up_running(stage, 0);
    const std::vector<EpochMetrics> losses = learner_->read_losses(stage, 1, steps);
    totals_.train_seconds = steady_seconds() - *clock_begin_;
    const double seconds = std::max(1e-9, totals_.train_seconds - trained_before);
    note(steps, double(totals_.images_seen - seen_before) / seconds, losses[0], progress);
    on_progress(progress);
  };

  double reported = steady_seconds();
  for (int64_t done = done_before; done < progress.steps && !totals_.stopped;) {
    // The last batch may be a smaller one, and is a plan of its own.
    const int64_t first = done * batch_, whole = (count - first) / batch_;
    const int64_t steps = std::max<int64_t>(1, std::min(whole, learner_->most_at_once()));
    const int64_t images = std::min(steps * batch_, count - first);
    learner_->learn(stage, {sample_.view().slice(first, images),
                            label_.view().slice(kShows * first, kShows * images),
                            values_.view().slice(done, steps)});
    done += steps;
    totals_.steps += steps;
    totals_.images_seen += images;
    // On a GPU these steps are only queued yet.
    if (done == progress.steps && totals_.images_seen < planned_images(progress)) {
      next_ = table_of(totals_.epochs + 1);
    }
    if (done < progress.steps) totals_.stopped = stop();
    if (done == progress.steps || totals_.stopped ||
        steady_seconds() - reported > kProgressSeconds) {
      report(done);
      reported = steady_seconds();
    }
  }
  clock_begin_.reset();
  on_epoch(progress.metrics);
}

void Trainer::pause(const std::function<void()>& work) {
  learner_->device().wait();
  const double begin = steady_seconds();
  if (clock_begin_) totals_.train_seconds = begin - *clock_begin_;
  work();
  if (clock_begin_) *clock_begin_ += steady_seconds() - begin;
}

void Trainer::note(int64_t step, double images_per_second, EpochMetrics losses,
                   Progress& progress) const {
  progress.step = step;
  progress.images_per_second = images_per_second;
  // As fast as now: where layers take turns, one may need ten times as long as another.
  progress.seconds_left =
      double(planned_images(progress) - totals_.images_seen) / images_per_second;
  progress.metrics = std::move(losses);
  progress.metrics.epoch = totals_.epochs;
  progress.metrics.step = totals_.steps;
  progress.metrics.seconds = totals_.train_seconds;
  progress.metrics.images_per_second = images_per_second;
  progress.metrics.stage = progress.stage - 1;
  const bool backprop = recipe_.training.algorithm == Algorithm::backprop;
  require_finite_losses(progress.metrics, backprop ? "the network" : "the head");
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
  const int64_t first = totals_.steps - totals_.steps % steps_an_epoch_;
  std::vector<StepValues> values;
  for (int64_t i = 0; i < epochs; ++i) {
    const int64_t epoch = epoch_of_stage + i;
    const float factor = rate_factor(recipe_.optimiser.decay, epoch, recipe_.training.epochs);
    const auto of_epoch = step_values(recipe_, factor, (epoch - 1) * steps_an_epoch_,
                                      first + i * steps_an_epoch_, steps_an_epoch_);
    values.insert(values.end(), of_epoch.begin(), of_epoch.end());
  }
  values_.upload_first(values);
}

}  // namespace ffwd
