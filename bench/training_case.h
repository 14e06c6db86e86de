// A training to be timed: a fully connected network with the threshold objective and Adam, every
// layer learning at each step, on random images. Needs no data set.
#pragma once

#include "bench/unfused_step.h"
#include "host/model/model.h"
#include "host/training/steps.h"

namespace ffwd::bench {

struct TrainingShape {
  std::vector<int64_t> widths;
  int64_t pairs;  // images of a batch; every one gives a positive and a negative row
};

// "784-500-500"
std::string name_of(const std::vector<int64_t>& widths);

class TrainingCase {
 public:
  // run() plays `steps` steps.
  TrainingCase(Device& device, const TrainingShape& shape, int64_t steps, ExecutorKind executor);

  // Queues the steps, or of each only the tasks of these kinds (Steps::run); does not wait on a GPU.
  void run(const TaskKinds& only = {});

  const Network& network() const { return *model_.network; }
  // The plan of one step.
  Plan plan() const;
  // The first step from the weights as they are now. The training must outlive it.
  std::unique_ptr<UnfusedStep> unfused() const;

 private:
  Recipe recipe_;
  Model model_;
  Vector<uint8_t> pixels_;
  Vector<int32_t> sample_, label_;
  Vector<StepValues> values_;
  Steps steps_;
};

}  // namespace ffwd::bench
