// What the tasks of a plan do: each works on a network, in memory that batches in flight share out.
#pragma once

#include "engine/network/network.h"
#include "host/plan/plan.h"
#include "host/training/batches.h"

namespace ffwd {

class TaskRunner {
 public:
  // `pixels`: the training images, for the device. `max_images`: of a batch; `max_steps`: of a
  // plan. Network and pixels must outlive it.
  TaskRunner(Network& network, const Recipe& recipe, const uint8_t* pixels, int64_t max_images,
             int64_t max_steps, const NetworkSlots& slots);

  // Copies what the steps of the next plan learn from to where its tasks look for it. Queued on the
  // network's device. `kept`: images and labels are still there.
  void take(const Batches& batches, bool kept);

  // Does one task of a plan for batches like those that were taken.
  void run(const Plan& plan, const PlanTask& task, Device& lane);

 private:
  void draw_labels(const PlanTask& task, int64_t images, Device& lane);

  // What a task works on, in batches of so many images.
  VectorView<const int32_t> sample(const PlanTask& task, int64_t images) const;
  VectorView<int32_t> label(const PlanTask& task, RowClass rows, int64_t images) const;
  VectorView<const StepValues> values(const PlanTask& task) const;
  Layer& layer(const PlanTask& task) const;
  LayerInput input(const PlanTask& task, int64_t images) const;
  LayerRows::View output(const PlanTask& task, int64_t images) const;
  std::vector<ConstMatrixView> head_input(const PlanTask& task, int64_t images) const;
  VectorView<float> gradient(const PlanTask& task) const;
  int64_t learning_rows(const Plan& plan, const PlanTask& task) const;

  Network* network_;
  Negatives negatives_;
  uint64_t seed_;
  Optimiser layer_optimiser_, head_optimiser_;
  const uint8_t* pixels_;
  Vector<int32_t> sample_, label_;
  Vector<StepValues> values_;
  NetworkRows rows_;
  std::vector<int64_t> gradient_place_;   // of each layer (engine/network/layer_places.h)
  std::vector<Vector<float>> gradients_;  // of each place; empty where there is none
};

}  // namespace ffwd
