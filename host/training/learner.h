// What learns in a run, by either algorithm: a network of the recipe's kind, its images where the
// device finds them, and the steps that teach it. A Trainer says when.
#pragma once

#include <memory>
#include <string>

#include "engine/files/safetensors.h"
#include "host/data/dataset.h"
#include "host/model/evaluate.h"
#include "host/runs/run_records.h"
#include "host/training/steps.h"

namespace ffwd {

class Learner {
 public:
  virtual ~Learner() = default;

  virtual Device& device() const = 0;
  virtual int64_t parameter_count() const = 0;

  // The most steps that learn() takes at once.
  virtual int64_t most_at_once() const = 0;
  // Queued: learns from these batches of the training images, one a step.
  virtual void learn(const Stage& stage, const Batches& batches) = 0;
  // Queued: the running sums (engine/network/running_sums.h) of what learns in this stage are
  // cleared, or their totals go to a place.
  virtual void clear_running(const Stage& stage) = 0;
  virtual void add_up_running(const Stage& stage, int64_t place) = 0;
  // The losses whose totals are in the first places, of so many steps each: means over the steps, of
  // backpropagation over their images. Waits for the device.
  virtual std::vector<EpochMetrics> read_losses(const Stage& stage, int64_t places,
                                                int64_t steps) = 0;

  virtual Evaluation evaluate_train() = 0;
  virtual Evaluation evaluate_test() = 0;

  // Of a training under way: engine/files/checkpoint.h, state_tensors.
  virtual std::vector<LazyTensor> state() = 0;
  // Goes on from such a state, which `origin` held. Throws FileError if it is of another network.
  virtual void load(const SafetensorsFile& state, const std::string& origin) = 0;
  // The weights with PyTorch's names and layouts, recipe and image format as metadata.
  virtual void save(const std::string& path) const = 0;
};

// The learner for the recipe's algorithm, with weights drawn from its seed. Device, data and what
// `execution` points to must outlive it; backpropagation has no plan to be executed otherwise.
std::unique_ptr<Learner> make_learner(Device& device, const Recipe& recipe, const Dataset& data,
                                      const Execution& execution = {});

}  // namespace ffwd
