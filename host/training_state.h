// The state of a training that is under way, as one safetensors file: another run goes on from it
// with the same bits, on the same kind of device with as many threads.
#pragma once

#include <string>

#include "engine/device.h"
#include "engine/safetensors.h"
#include "host/recipe.h"

namespace ffwd {

struct TrainingState {
  Recipe recipe;
  std::string recipe_file, device;  // as in a summary
  Precision precision = Precision::fp32;
  bool measured_algorithms = false;
  int64_t epochs = 0;  // complete ones, each with a line of metrics
  int64_t steps = 0;   // batches learnt
  double train_seconds = 0, total_seconds = 0;
  SafetensorsFile learnt;  // engine/checkpoint.h, training_state
};

// Replaces the file as a whole or not at all. Throws FileError.
void save_training_state(const TrainingState& state, const std::string& path);

// Throws FileError naming the file and what is wrong with it.
TrainingState load_training_state(const std::string& path);

}  // namespace ffwd
