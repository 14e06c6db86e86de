// A layer that learns by itself: y = f(W x_hat + b), its goodness, its own loss. Fully connected or
// convolutional (engine/layer_shape.h).
#pragma once

#include "engine/layer_input.h"

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

// What a layer makes of the rows of a batch. A row is an image; with P output pixels an image:
class LayerRows {
 public:
  LayerRows(Device& device, int64_t rows, const LayerShape& shape);

  // Rows [first, first + count) of it.
  struct View {
    MatrixView z;           // (rows*P, units): the matmul's output, then the gradient in its place
    MatrixView activities;  // (rows*P, units): y, normalised if that can be done at once
    MatrixView handed_on;   // what the next layer reads: the activities, or pooled and normalised
    VectorView<float> goodness;        // (rows)
    VectorView<float> pixel_goodness;  // (rows*P); `goodness` itself when P is 1
    VectorView<float> loss;            // (rows*P) or, of whole images, (rows)
    VectorView<float> slope;           // (rows), absent when P is 1
    VectorView<float> length;          // (rows*P)
  };
  View view(int64_t first, int64_t count) const;

  // The goodness of the first `rows` rows, on the host.
  std::vector<float> goodness(int64_t rows) const { return goodness_.download(rows); }

 private:
  int64_t pixels_, pooled_pixels_;
  bool whole_images_;
  Matrix z_, activities_, pooled_;
  Vector<float> goodness_, pixel_goodness_, loss_, slope_, length_;
};

class Layer {
 public:
  Layer(Device& device, const LayerShape& shape, const Objective& objective,
        OptimiserKind optimiser, int64_t max_rows);

  const LayerShape& shape() const { return shape_; }
  Parameter& weight() { return weight_; }
  const Parameter& weight() const { return weight_; }
  Parameter& bias() { return bias_; }
  const Parameter& bias() const { return bias_; }

  // The weights in the order of PyTorch's Linear or Conv2d: (units, fan_in).
  void set_weight(const std::vector<float>& values);
  std::vector<float> pytorch_weight() const;

  // Activities and goodness of every row of the input, handed on.
  void forward(const LayerInput& input, const LayerRows::View& out);

  // One step: the input holds `positive` rows, then `negative` rows, then neutral rows, which only
  // pass through. The weights that `out` is computed with are those from before the update.
  void learn(const LayerInput& input, const LayerRows::View& out, int64_t positive,
             int64_t negative, const Optimiser& optimiser, float rate_factor);

  // Pools and normalises the activities for the next layer, if that is still to be done.
  void hand_on(const LayerRows::View& out);

  // Running totals since the last clear: mean loss, mean goodness of positive and of negative rows,
  // one step each.
  Vector<float>& totals() { return totals_; }

 private:
  GoodnessRows row_arguments(const LayerRows::View& out) const;
  ImageGoodness image_arguments(const LayerRows::View& out) const;
  void find_gradient(const LayerRows::View& out, int64_t positive, int64_t negative);
  void push_peers(const LayerRows::View& out, int64_t positive_pixels);
  VectorView<const float> bias_values() const;

  Device* device_;
  LayerShape shape_;
  Objective objective_;
  Parameter weight_, bias_;  // (units, inputs), (1, units)
  Vector<float> peer_mean_, batch_mean_, peer_push_, column_scratch_, totals_;
};

}  // namespace ffwd
