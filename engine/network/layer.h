// A layer that learns by itself: y = f(W x_hat + b), its goodness, its own loss. Fully connected or
// convolutional (engine/network/layer_shape.h).
#pragma once

#include "engine/network/layer_input.h"
#include "engine/network/layer_rows.h"
#include "engine/network/parameters.h"
#include "engine/network/running_sums.h"

namespace ffwd {

// What of a convolutional layer has a goodness and a loss: a whole image, or each of its pixels.
enum class GoodnessOf { image, pixel };

// The local loss of a layer.
struct Objective {
  Goodness goodness = Goodness::sum_squares;
  GoodnessOf goodness_of = GoodnessOf::image;
  float threshold = 0.0f;
  float temperature = 1.0f;
  float peer_strength = 0.0f;  // 0: no peer normalisation
  float peer_momentum = 0.9f;
};

class Layer {
 public:
  // `max_images`: to learn from at once, each as a positive and as a negative row.
  Layer(Device& device, const LayerShape& shape, const Objective& objective,
        OptimiserKind optimiser, int64_t max_images);

  const LayerShape& shape() const { return shape_; }
  Parameters& parameters() { return parameters_; }
  const Parameters& parameters() const { return parameters_; }
  // What training changes besides: the running mean of every unit's activity, (units), and sums,
  // over the steps since they were cleared, of the mean loss and of the mean goodness of positive
  // and of negative rows.
  Vector<float>& peer_mean() { return peer_mean_; }
  RunningSums<RunningFigures>& running() { return running_; }

  // The weights in the order of PyTorch's Linear or Conv2d, (units, fan_in), and the biases.
  void set(const std::vector<float>& weights, const std::vector<float>& biases);
  std::vector<float> weights() const;
  std::vector<float> biases() const { return parameters_.biases(); }

  // The parts of a step, each on the device that runs it. Of the rows of `out` the first `learning`
  // ones learn: half of them positive, then as many negative; the others pass through.

  // z = x_hat W^T, (R, M), or its convolution with W, (R*P*Q, M). A layer of labelled images needs no
  // such thing: they bring a shared product.
  void forward(Device& lane, const ConstMatrixView& x_hat, const LayerRows::View& out);
  // Computes activities and goodness from z; for learning rows also the loss's gradient, in z's
  // place, and with labelled images that of their product; and adds their figures up. `hands_on`:
  // somebody reads what the next layer gets, else activities are only kept for peer normalisation.
  void goodness(Device& lane, const LayerInput& input, const LayerRows::View& out, int64_t learning,
                bool hands_on);
  // Computes the gradient of weights and biases (engine/network/parameters.h) from the one in z's
  // place. Peer normalisation first moves its running means on and adds their push to that.
  void gradient(Device& lane, const LayerInput& input, const LayerRows::View& out, int64_t learning,
                VectorView<float> gradient);
  void update(Device& lane, const Optimiser& optimiser, VectorView<const StepValues> step,
              VectorView<const float> gradient);

 private:
  GoodnessRows row_arguments(const LayerRows::View& out) const;
  ImageGoodness image_arguments(const LayerRows::View& out) const;
  bool of_pixels() const;
  void push_peers(Device& lane, const LayerInput& input, const LayerRows::View& out,
                  int64_t positive_pixels);
  void hand_on(Device& lane, const LayerRows::View& out);

  LayerShape shape_;
  Objective objective_;
  Parameters parameters_;
  Vector<float> peer_mean_, batch_mean_, peer_push_, column_scratch_;
  RunningSums<RunningFigures> running_;  // of rows: images, or pixels if these have a loss
};

}  // namespace ffwd
