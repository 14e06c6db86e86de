// One training step: one batch through the network, every learning layer updated.
#pragma once

#include "engine/network.h"
#include "host/recipe.h"

namespace ffwd {

// Which part of the network learns: layers [first_layer, end_layer), and the head or not. Layers
// below only pass data on; layers above are not run unless the head needs them.
struct Stage {
  size_t first_layer, end_layer;
  bool head;
};

// The stages of a schedule: one with everything, or one for each layer and one for the head.
std::vector<Stage> stages_of(Schedule schedule, size_t layers, bool head);

class Step {
 public:
  // `max_batch` images at a time. The network must outlive it.
  //
  // With `same_batch` every step of a stage learns from the same images under the same labels, so
  // what reaches the layers that learn is computed at the stage's first step and then kept.
  Step(Network& network, const Recipe& recipe, int64_t max_batch, bool same_batch);

  // Learns from images sample[i] of `pixels` (device memory). `label` is the batch's part of
  // epoch_labels (three for each image); wrong labels are written into it. `step` counts from 0
  // over the whole run.
  void run(const Stage& stage, const uint8_t* pixels, VectorView<const int32_t> sample,
           VectorView<int32_t> label, int64_t step, float rate_factor);

 private:
  // True if the rows below this stage's layers are those of the last step.
  bool input_is_kept(const Stage& stage);
  void draw_wrong_labels(ConstMatrixView logits, VectorView<const int32_t> sample,
                         VectorView<int32_t> label, int64_t step);

  Network* network_;
  Negatives negatives_;
  uint64_t seed_;
  Optimiser layer_optimiser_, head_optimiser_;
  bool same_batch_;
  std::optional<Stage> kept_;  // the stage whose input is in `rows_`
  NetworkRows rows_;
};

}  // namespace ffwd
