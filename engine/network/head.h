// The softmax head: a linear classifier on the normalised activities of some layers.
//
//     logits = sum_l next_l S_l^T          l over the layers that the head sees
//
// It learns from neutral rows, and nothing of its gradient reaches the layers.
// Source: Hinton 2022, arXiv:2212.13345, section 3.3.
#pragma once

#include <vector>

#include "engine/network/parameters.h"
#include "engine/network/running_sums.h"

namespace ffwd {

class Head {
 public:
  // `widths` of the layers that it sees; its weights start at zero. `max_images`: to learn from at
  // once.
  Head(Device& device, const std::vector<int64_t>& widths, int64_t classes, OptimiserKind optimiser,
       int64_t max_images);

  int64_t classes() const { return classes_; }
  // S_l, (classes, width of layer l).
  std::vector<Parameters>& weights() { return weights_; }
  const std::vector<Parameters>& weights() const { return weights_; }

  // The logits (R, classes) of R rows; one matrix of normalised activities for each layer that the
  // head sees.
  void forward(Device& lane, const std::vector<ConstMatrixView>& activities, MatrixView logits);

  // One step on the rows that `logits` came from.
  void learn(Device& lane, const std::vector<ConstMatrixView>& activities, ConstMatrixView logits,
             VectorView<const int32_t> labels, const Optimiser& optimiser,
             VectorView<const StepValues> step);

  // What training changes besides parameters: the sum of the mean loss over the steps since it was
  // cleared.
  RunningSums<float>& running() { return running_; }

 private:
  int64_t classes_;
  std::vector<Parameters> weights_;
  std::vector<Vector<float>> gradients_;  // of the same
  Matrix dlogits_;
  RunningSums<float> running_;  // of rows
};

}  // namespace ffwd
