// What the tasks of a plan do: each works on a network, in memory that batches in flight share out.
#pragma once

#include "engine/network.h"
#include "host/plan/plan.h"
#include "host/training/batches.h"
#include "host/training/layer_gradients.h"

namespace ffwd {

class TaskRunner {
 public:
  // `pixels`: the training images, device memory. `most`: the most images of a batch, and the most
  // steps of a plan. Network, pixels and gradients must outlive it.
  TaskRunner(Network& network, const Recipe& recipe, const uint8_t* pixels, int64_t most_images,
             int64_t most_steps, const NetworkSlots& slots, const LayerGradients& gradients);

  // Copies what the steps of the next plan learn from to where its tasks look for it. Queued on the
  // network's device. `kept`: images and labels are still there.
  void take(const Batches& batches, bool kept);

  // Does one task of a plan for batches like those that were taken.
  void run(const Plan& plan, const PlanTask& task, Device& lane);

 private:
  VectorView<const int32_t> sample(const PlanTask& task, int64_t images) const;
  VectorView<int32_t> label(const PlanTask& task, int64_t images) const;
  VectorView<const StepValues> values(const PlanTask& task) const;
  void draw_labels(const PlanTask& task, int64_t images, Device& lane);
  void run_layer(const Plan& plan, const PlanTask& task, Device& lane);
  void run_head(const PlanTask& task, int64_t images, Device& lane);

  Network* network_;
  Negatives negatives_;
  uint64_t seed_;
  Optimiser layer_optimiser_, head_optimiser_;
  const uint8_t* pixels_;
  Vector<int32_t> sample_, label_;
  Vector<StepValues> values_;
  NetworkRows rows_;
  const LayerGradients* gradients_;
};

}  // namespace ffwd
