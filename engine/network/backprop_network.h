// A fully connected network that learns by backpropagation: the baseline that Forward-Forward is
// compared with, on the same device operations.
//
//     y_0 = the standardised pixels,  y_l = f(W_l y_(l-1) + b_l),  logits = W y_last + b
//     loss = mean softmax cross-entropy of the logits                       (kernels/softmax_loss.h)
//
// No label is written into the images, and no row is normalised.
#pragma once

#include <vector>

#include "engine/network/initial_weights.h"
#include "engine/network/parameters.h"
#include "engine/network/running_sums.h"

namespace ffwd {

struct BackpropShape {
  int64_t inputs;  // bytes an image: height x width x channels
  Standardise standardise;
  std::vector<int64_t> widths;  // units of the hidden layers
  int32_t classes;
  Activation activation;
};

class BackpropNetwork {
 public:
  // `max_images` images at a time.
  BackpropNetwork(Device& device, const BackpropShape& shape, OptimiserKind optimiser,
                  int64_t max_images);

  Device& device() const { return *device_; }
  const BackpropShape& shape() const { return shape_; }
  // The hidden layers, and last the one that gives the logits.
  std::vector<Parameters>& layers() { return layers_; }
  const std::vector<Parameters>& layers() const { return layers_; }
  int64_t parameter_count() const;

  void initialise(WeightInit init, uint64_t seed);

  // One step on images sample[i] of `pixels` (for the device) with their labels.
  void learn(const uint8_t* pixels, VectorView<const int32_t> sample,
             VectorView<const int32_t> label, const Optimiser& optimiser,
             VectorView<const StepValues> step);

  // The parts of a step. `backward` takes the images of the last `forward` and leaves the loss's
  // gradient of every layer in gradient().
  void forward(const uint8_t* pixels, VectorView<const int32_t> sample);
  void backward(VectorView<const int32_t> label);
  VectorView<float> gradient(size_t layer) const { return gradients_[layer].view(); }

  // The logits of the first `count` images of `pixels`, row-major (count, classes).
  std::vector<float> logits(const uint8_t* pixels, int64_t count);

  // What training changes besides parameters: the sum of the mean loss over the steps since it was
  // cleared.
  RunningSums<float>& running() { return running_; }

 private:
  ConstMatrixView input_of(size_t layer) const;

  Device* device_;
  BackpropShape shape_;
  std::vector<Parameters> layers_;
  std::vector<Vector<float>> gradients_;  // of the layers
  int64_t max_images_, images_ = 0;       // images_: of the last forward
  Matrix pixels_, logits_, dlogits_;      // logits: without biases
  std::vector<Matrix> activities_;        // y_l of the hidden layers
  Matrix scratch_[2];                     // sums of a layer going forward, gradients going back
  Vector<float> row_scratch_, column_scratch_;
  RunningSums<float> running_;  // of images
};

}  // namespace ffwd
