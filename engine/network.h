// Layers in order, the head, and how an image becomes their input.
#pragma once

#include <optional>
#include <vector>

#include "engine/dense_layer.h"
#include "engine/head.h"

namespace ffwd {

// How the bytes of an image become the first layer's input (kernels/gather_images.h).
struct InputFormat {
  int64_t pixels;  // bytes an image: height x width x channels
  Standardise standardise;
  int32_t classes;
  float label_value;
  Norm norm;
};

struct NetworkShape {
  InputFormat input;
  std::vector<int64_t> widths;
  Activation activation;
  bool head;
  bool skip_first_layer;  // the head and the sum of goodness leave the first layer out
};

enum class WeightInit { normal, uniform };

class Network;

// What a network makes of the rows of a batch.
struct NetworkRows {
  NetworkRows(Device& device, const Network& network, int64_t rows);

  Matrix input;  // (rows, pixels), normalised
  std::vector<LayerRows> layers;
  Matrix logits;  // (rows, classes), fp32; empty without a head
};

class Network {
 public:
  // `objectives`: one for each layer. `max_rows`: the most rows that a call will see.
  Network(Device& device, const NetworkShape& shape, const std::vector<Objective>& objectives,
          OptimiserKind optimiser, int64_t max_rows);

  Device& device() const { return *device_; }
  const NetworkShape& shape() const { return shape_; }
  std::vector<DenseLayer>& layers() { return layers_; }
  const std::vector<DenseLayer>& layers() const { return layers_; }
  std::optional<Head>& head() { return head_; }
  const std::optional<Head>& head() const { return head_; }
  // The first layer whose goodness or activities are used to classify.
  size_t first_read_layer() const { return shape_.skip_first_layer ? 1 : 0; }
  int64_t parameter_count() const;

  // Draws all weights from the seed: N(0, 1/fan_in) and zero biases, or U(+-1/sqrt(fan_in)) for both.
  void initialise(WeightInit init, uint64_t seed);

  // Input rows from images: row r shows image sample[r] under label[r].
  void gather(const uint8_t* pixels, VectorView<const int32_t> sample, VectorView<const int32_t> label,
              MatrixView x_hat, VectorView<float> row_scale = {});

  // Forward through layers [from, to) of rows [first, first + count) of `rows`.
  void forward(const NetworkRows& rows, int64_t first, int64_t count, size_t from, size_t to);

  // What layer l reads: the input, or the activities of the layer below.
  ConstMatrixView input_of(const NetworkRows& rows, size_t l, int64_t first, int64_t count) const;
  // What the head reads.
  std::vector<ConstMatrixView> head_input(const NetworkRows& rows, int64_t first, int64_t count) const;

 private:
  Device* device_;
  NetworkShape shape_;
  std::vector<DenseLayer> layers_;
  std::optional<Head> head_;
};

}  // namespace ffwd
