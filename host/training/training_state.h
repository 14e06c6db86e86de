// The state of a training that is under way, as one safetensors file. Another run goes on from it,
// with the same bits if it computes in the same way: `setup` says it.
#pragma once

#include <string>

#include "engine/device.h"
#include "engine/safetensors.h"
#include "host/plan/executor.h"
#include "host/recipe/recipe.h"

namespace ffwd {

// How a training is computed.
struct ComputeSetup {
  std::string device;  // its name
  bool gpu = false;
  Precision precision = Precision::fp32;
  bool measured_algorithms = false;  // of matmuls
  ExecutorKind executor = ExecutorKind::serial;
};
bool operator==(const ComputeSetup& a, const ComputeSetup& b);
ComputeSetup setup_of(const Device& device, ExecutorKind executor);

struct TrainingState {
  Recipe recipe;
  std::string recipe_file;  // as in a summary
  ComputeSetup setup;
  int64_t epochs = 0;  // complete ones, each with a line of metrics
  int64_t steps = 0;   // batches learnt
  double train_seconds = 0, total_seconds = 0;
  SafetensorsFile learnt;  // engine/checkpoint.h, state_tensors
};

// Replaces the file as a whole or not at all. Throws FileError.
void save_training_state(const TrainingState& state, const std::string& path);

// Throws FileError naming the file and what is wrong with it.
TrainingState load_training_state(const std::string& path);

}  // namespace ffwd
