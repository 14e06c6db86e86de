// What learns in a run: a network of the recipe's kind with its data, from first weights to saved
// model.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "host/data/dataset.h"
#include "host/recipe/recipe.h"
#include "host/runs/run_records.h"
#include "host/training/evaluate.h"
#include "host/training/trainer.h"
#include "host/training/training_state.h"

namespace ffwd {

class Learner {
 public:
  virtual ~Learner() = default;

  virtual int64_t parameter_count() const = 0;
  // engine/checkpoint.h, state_tensors.
  virtual std::vector<NamedTensor> state() = 0;
  // run(), called next, goes on from this state, which `origin` held. Throws FileError if it is of
  // another network.
  virtual void go_on_from(const TrainingState& state, const std::string& origin) = 0;
  // Runs the whole recipe; see Trainer::run.
  virtual void run(const OnProgress& on_progress, const OnEpoch& on_epoch,
                   const std::function<bool()>& stop) = 0;
  virtual TrainingTotals totals() const = 0;
  virtual Evaluation evaluate_train() = 0;
  virtual Evaluation evaluate_test() = 0;
  // The weights with PyTorch's names and layouts, recipe and image format as metadata.
  virtual void save(const std::string& path) const = 0;
};

// The learner for the recipe's algorithm, with weights drawn from its seed. Device, data and what
// `execution` points to must outlive it; backpropagation has no plan to be executed otherwise.
std::unique_ptr<Learner> make_learner(Device& device, const Recipe& recipe, const Dataset& data,
                                      const Execution& execution = {});

}  // namespace ffwd
