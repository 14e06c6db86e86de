// One training from a recipe to a run folder: what `ffwd train` does, and `ffwd reproduce` for
// every row.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "host/runs/run_folder.h"
#include "host/training/trainer.h"
#include "host/training/training_state.h"

namespace ffwd {

// Who watches a run, and who may end it. All must be set.
struct RunWatcher {
  std::function<void(int64_t parameters)> on_start;
  OnProgress on_progress;
  // With accuracies where they were measured.
  std::function<void(const EpochMetrics&)> on_epoch;
  std::function<bool()> stop;  // as Trainer::run asks it
};

inline constexpr double kSaveSeconds = 600;

// How a run is run.
struct RunOptions {
  Execution execution;
  double save_every = kSaveSeconds;      // seconds between saves of the training's state
  std::optional<SavedTraining> stopped;  // to go on from; the folder's own
};

// Trains and fills the folder: recipe, metrics, model, summary, report. A run that was stopped is
// saved likewise, with `interrupted` in its summary and without accuracies of training images, and
// leaves the state that it can go on from; so does a run that was killed, if it had saved one: at
// the latest when all is learnt, before accuracies are measured. The folder is removed if the run
// fails before anything was learnt. `recipe_file` is the name of the recipe's.
Summary run_training(Device& device, const Recipe& recipe, const Dataset& data,
                     const RunFolder& folder, const std::string& recipe_file,
                     const RunWatcher& watcher, RunOptions options);

}  // namespace ffwd
