// A layer that learns by itself: y = f(W x_hat + b), its goodness, its own loss. Fully connected or
// convolutional (engine/layer_shape.h).
#pragma once

#include <memory>
#include <optional>

#include "engine/layer_input.h"
#include "engine/running_sums.h"
#include "engine/slots.h"

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

// How many batches in flight keep a layer's memory apart, for each kind of it.
struct LayerSlots {
  int64_t z = 1, activities = 1, next = 1, figures = 1;
};

// What a layer makes of the rows of a batch. A row is an image.
class LayerRows {
 public:
  // Other layers' rows whose memory these use (engine/layer_places.h); null: they have their own.
  struct Lenders {
    const LayerRows *z, *next;
  };
  LayerRows(Device& device, int64_t rows, const LayerShape& shape, const LayerSlots& slots,
            const Lenders& lenders);

  // Rows [first, first + count) of it; P output pixels an image. What other layers' rows share holds
  // until these have their turn.
  struct View {
    MatrixView z;           // (rows*P, units): the matmul's output, then the gradient in its place
    MatrixView activities;  // (rows*P, units): y, normalised if that can be done at once
    MatrixView next;        // what the next layer reads: the activities, or pooled and normalised;
                            // of whole images (rows, P*units)
    VectorView<float> goodness;        // (rows)
    VectorView<float> pixel_goodness;  // (rows*P); `goodness` itself when P is 1
    VectorView<float> slope;           // (rows), absent when P is 1
    VectorView<float> length;          // (rows*P)
  };
  View view(int64_t batch, int64_t first, int64_t count) const;

  // The goodness of the first `rows` rows of batch 0, on the host.
  std::vector<float> goodness(int64_t rows) const { return figures_[0].goodness.download(rows); }

 private:
  struct Figures {
    Vector<float> goodness, pixel_goodness, slope, length;
  };

  int64_t pixels_, pooled_pixels_;
  bool whole_images_;
  std::shared_ptr<const Slots<Matrix>> z_, next_;
  std::optional<Slots<Matrix>> activities_;  // none: they are handed on as they are
  Slots<Figures> figures_;
};

class Layer {
 public:
  // `batch`: images that it learns from at once, at most, each as a positive and as a negative row.
  Layer(Device& device, const LayerShape& shape, const Objective& objective,
        OptimiserKind optimiser, int64_t batch);

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

  // Computes z, unless the input has a shared product.
  void forward(Device& lane, const LayerInput& input, const LayerRows::View& out);
  // Computes activities and goodness from z; for learning rows also the loss's gradient, in z's
  // place, and adds their figures up. `hands_on`: somebody reads what the next layer gets, else
  // activities are only kept for peer normalisation.
  void find_goodness(Device& lane, const LayerInput& input, const LayerRows::View& out,
                     int64_t learning, bool hands_on);
  // Computes the gradient of weights and biases (engine/parameters.h) from the one in z's place.
  // Peer normalisation first moves its running means on and adds their push to that.
  void find_gradient(Device& lane, const LayerInput& input, const LayerRows::View& out,
                     int64_t learning, VectorView<float> gradient);
  void update(Device& lane, const Optimiser& optimiser, VectorView<const StepValues> step,
              VectorView<const float> gradient);

 private:
  GoodnessRows row_arguments(const LayerRows::View& out) const;
  ImageGoodness image_arguments(const LayerRows::View& out) const;
  bool of_pixels() const;
  void push_peers(Device& lane, const LayerRows::View& out, int64_t positive_pixels);
  void hand_on(Device& lane, const LayerRows::View& out);

  LayerShape shape_;
  Objective objective_;
  Parameters parameters_;
  Vector<float> peer_mean_, batch_mean_, peer_push_, column_scratch_;
  RunningSums<RunningFigures> running_;  // of rows: images, or pixels if these have a loss
};

}  // namespace ffwd
