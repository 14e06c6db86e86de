// The state of a training that has not left its result yet, as one safetensors file. Another run goes
// on from it, with the same bits if it computes in the same way: `setup` says it.
#pragma once

#include <string>

#include "engine/device/device.h"
#include "engine/files/safetensors.h"
#include "host/data/dataset.h"
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

// Which images a training learns from: how many, and a CRC-32 of their pixels and labels.
struct DataIdentity {
  int64_t images = 0;
  uint32_t crc = 0;
};
DataIdentity identity_of(const Images& train);

struct TrainingState {
  Recipe recipe;
  std::string recipe_file;  // as in a summary
  ComputeSetup setup;
  DataIdentity data;
  int64_t epochs = 0;  // complete ones, each with a line of metrics
  int64_t steps = 0;   // batches learnt
  double train_seconds = 0, total_seconds = 0;
};

// As it comes back from its file, with what was learnt (engine/files/checkpoint.h, state_tensors).
struct SavedTraining : TrainingState {
  SafetensorsFile learnt;
};

// Replaces the file as a whole or not at all. Throws FileError, and UserError if what was learnt is
// not finite.
void save_training_state(const TrainingState& state, const std::vector<LazyTensor>& learnt,
                         const std::string& path);

// Throws DataError, which begins with `path`, if the training that left `state` there learnt from
// other images.
void require_same_data(const TrainingState& state, const DataIdentity& data,
                       const std::string& path);

// Throws FileError naming the file and what is wrong with it; a checksum finds every changed bit.
SavedTraining load_training_state(const std::string& path);

}  // namespace ffwd
