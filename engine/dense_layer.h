// A fully connected layer that learns by itself: y = f(W x_hat + b), its goodness, its own loss.
#pragma once

#include "engine/layer_input.h"

namespace ffwd {

// The local loss of a layer.
struct Objective {
  Goodness goodness = Goodness::sum_squares;
  float threshold = 0.0f;
  float temperature = 1.0f;
  float peer_strength = 0.0f;  // 0: no peer normalisation
  float peer_momentum = 0.9f;
};

struct LayerShape {
  int64_t inputs, units;
  Activation activation;
  Norm norm;  // of the activities that it hands on
};

// What a layer makes of the rows of a batch.
struct LayerRows {
  LayerRows(Device& device, int64_t rows, int64_t units);

  // Rows [first, first + count) of it.
  struct View {
    MatrixView z, next;
    VectorView<float> goodness, loss, length;
  };
  View view(int64_t first, int64_t count) const;

  Matrix z;     // (rows, units): the matmul's output, then the gradient in its place
  Matrix next;  // (rows, units): the normalised activities
  Vector<float> goodness, loss, length;
};

class DenseLayer {
 public:
  DenseLayer(Device& device, const LayerShape& shape, const Objective& objective,
             OptimiserKind optimiser, int64_t max_rows);

  const LayerShape& shape() const { return shape_; }
  Parameter& weight() { return weight_; }
  const Parameter& weight() const { return weight_; }
  Parameter& bias() { return bias_; }
  const Parameter& bias() const { return bias_; }

  // Activities and goodness of every row of the input.
  void forward(const LayerInput& input, const LayerRows::View& out);

  // One step: the input holds `positive` rows, then `negative` rows, then neutral rows, which only
  // pass through. The weights that `out` is computed with are those from before the update.
  void learn(const LayerInput& input, const LayerRows::View& out, int64_t positive,
             int64_t negative, const Optimiser& optimiser, float rate_factor);

  // Running totals since the last clear: mean loss, mean goodness of positive and of negative rows,
  // one step each.
  Vector<float>& totals() { return totals_; }

 private:
  GoodnessRows row_arguments(const LayerRows::View& out) const;

  Device* device_;
  LayerShape shape_;
  Objective objective_;
  Parameter weight_, bias_;  // (units, inputs), (1, units)
  Vector<float> peer_mean_, batch_mean_, peer_push_, column_scratch_, totals_;
};

}  // namespace ffwd
