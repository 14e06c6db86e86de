#include "host/training/training_run.h"

#include <omp.h>

#include "host/basics/build.h"
#include "host/basics/clock.h"
#include "host/basics/errors.h"
#include "host/report/report.h"
#include "host/report/sample_images.h"

namespace ffwd {
namespace {

Summary summary_of(const Learner& learner, const TrainingTotals& totals, const Evaluation& train,
                   const Evaluation& test, const Recipe& recipe, const Dataset& data,
                   const std::string& recipe_file) {
  const Device& device = learner.device();
  Summary summary;
  summary.title = recipe.title;
  summary.recipe = recipe_file;
  summary.dataset = data.name;
  summary.device = device.name();
  summary.precision = name_of(kPrecisions, device.precision());
  summary.measured_algorithms = device.measured_algorithms();
  summary.seed = recipe.training.seed;
  summary.commit = build_commit();
  summary.version = build_version();
  summary.threads = omp_get_max_threads();
  summary.epochs = totals.epochs;
  summary.steps = totals.steps;
  summary.train_seconds = totals.train_seconds;
  summary.images_per_second = double(totals.images_seen) / totals.train_seconds;
  summary.parameters = learner.parameter_count();
  summary.train_accuracy_goodness = train.goodness;
  summary.train_accuracy_head = train.head;
  summary.train_accuracy_per_batch = train.per_batch;
  summary.test_accuracy_goodness = test.goodness;
  summary.test_accuracy_head = test.head;
  summary.test_accuracy_per_batch = test.per_batch;
  summary.interrupted = totals.stopped;
  summary.confusion = test.confusion;
  summary.class_names = data.format.class_names;
  return summary;
}

void go_on(const SavedTraining& stopped, const DataIdentity& identity, const RunFolder& folder,
           Learner& learner, Trainer& trainer) {
  require_same_data(stopped, identity, folder.state_path());
  learner.load(stopped.learnt, folder.state_path());
  trainer.go_on_after(stopped.steps, stopped.train_seconds);
  folder.keep_metrics(stopped.epochs);
}

// Leaves report and summary in the folder. `begin` of the run, by steady_seconds().
Summary record_result(const RunFolder& folder, Learner& learner, const TrainingTotals& totals,
                      const Recipe& recipe, const Dataset& data, const std::string& recipe_file,
                      double begin) {
  // Whoever stopped the run waits now, so only the test images are classified: they are fewer.
  const Evaluation train = totals.stopped ? Evaluation() : learner.evaluate_train();
  const Evaluation test = learner.evaluate_test();
  Summary summary = summary_of(learner, totals, train, test, recipe, data, recipe_file);
  summary.total_seconds = steady_seconds() - begin;
  folder.write_report(render_report(summary, folder.read_metrics(), to_text(recipe),
                                    sample_images(recipe, data), recipe.reference));
  folder.write_summary(summary);  // last: what has one is complete
  if (!summary.interrupted) folder.remove_state();
  return summary;
}

// Everything that a run does once its recipe is written.
Summary train_and_record(const RunFolder& folder, Device& device, const Recipe& recipe,
                         const Dataset& data, const std::string& recipe_file,
                         const RunWatcher& watcher, RunOptions& options) {
  double begin = steady_seconds();
  const std::unique_ptr<Learner> learner = make_learner(device, recipe, data, options.execution);
  Trainer trainer(*learner, recipe, data.train);
  TrainingState state;
  state.recipe = recipe;
  state.recipe_file = recipe_file;
  state.setup = setup_of(device, options.execution.executor);
  state.data = identity_of(data.train);
  if (options.stopped) {
    go_on(*options.stopped, state.data, folder, *learner, trainer);
    state.epochs = options.stopped->epochs;
    begin -= options.stopped->total_seconds;
    options.stopped.reset();  // what it had learnt is on the device now
  }
  watcher.on_start(learner->parameter_count());

  double saved = steady_seconds();
  const auto save = [&] {
    state.steps = trainer.totals().steps;
    state.train_seconds = trainer.totals().train_seconds;
    state.total_seconds = steady_seconds() - begin;
    if (state.epochs > 0) folder.sync_metrics();
    save_training_state(state, learner->state(), folder.state_path());
    saved = steady_seconds();
  };

  const int64_t every = recipe.training.evaluate_every;
  trainer.run(
      watcher.on_progress,
      [&](EpochMetrics& metrics) {
        if (every > 0 && metrics.epoch % every == 0 && !trainer.totals().stopped) {
          const Evaluation result = learner->evaluate_test();
          metrics.test_accuracy_goodness = result.goodness;
          metrics.test_accuracy_head = result.head;
        }
        folder.append_metrics(metrics);
        ++state.epochs;
        watcher.on_epoch(metrics);
      },
      [&] {
        const bool stop = watcher.stop();
        if (stop || steady_seconds() - saved >= options.save_every) trainer.pause(save);
        return stop;
      });
  learner->save(folder.model_path());
  // To go on from here, for evaluation can take longer than training; but it does without.
  try {
    if (!trainer.totals().stopped) save();
  } catch (const UserError&) {
  }
  return record_result(folder, *learner, trainer.totals(), recipe, data, recipe_file, begin);
}

}  // namespace

Summary run_training(Device& device, const Recipe& recipe, const Dataset& data,
                     const RunFolder& folder, const std::string& recipe_file,
                     const RunWatcher& watcher, RunOptions options) {
  try {
    folder.write_recipe(to_text(recipe));
    return train_and_record(folder, device, recipe, data, recipe_file, watcher, options);
  } catch (...) {
    folder.remove_if_nothing_was_learnt();
    throw;
  }
}

}  // namespace ffwd
