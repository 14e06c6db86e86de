// The training step of a TrainingCase as an eager framework runs it: one operation after another,
// each with its own pass over memory and its result written out. The baseline that fused kernels are
// compared with, without anybody's interpreter in between.
//
// Per layer: for the positive and for the negative rows on their own length, + eps, division, matmul,
// + bias, ReLU, square, mean; the loss on all rows in six operations; backward, for either half, mean,
// square (three), ReLU, bias, weights, and the sum of both halves; Adam in eight. fp32.
#pragma once

#include <memory>

#include "engine/network/network.h"
#include "host/recipe/recipe.h"

namespace ffwd::bench {

// What it learns from, again and again: images of one channel and their labels; the values of its
// first steps, which it goes through in turn.
struct UnfusedBatch {
  const uint8_t* pixels;
  VectorView<const int32_t> sample, label;
  VectorView<const StepValues> values;
};

class UnfusedStep {
 public:
  virtual ~UnfusedStep() = default;
  virtual void run() = 0;
  // Of a layer, (units, inputs), as on the network.
  virtual std::vector<float> weights(size_t layer) const = 0;
};

// Starts with the network's weights; goodness is the mean of squares, rows have unit length, Adam.
std::unique_ptr<UnfusedStep> make_unfused_step(Device& device, const Network& network,
                                               const Recipe& recipe, const UnfusedBatch& batch);

// The two back ends of it; there is none on CUDA in a build without it.
std::unique_ptr<UnfusedStep> make_unfused_step_cpu(Device& device, const Network& network,
                                                   const Recipe& recipe, const UnfusedBatch& batch);
std::unique_ptr<UnfusedStep> make_unfused_step_cuda(Device& device, const Network& network,
                                                    const Recipe& recipe,
                                                    const UnfusedBatch& batch);

}  // namespace ffwd::bench
