// Layers in order, and the head.
#pragma once

#include <optional>
#include <vector>

#include "engine/network/head.h"
#include "engine/network/initial_weights.h"
#include "engine/network/layer.h"
#include "engine/network/network_rows.h"

namespace ffwd {

struct NetworkShape {
  InputFormat input;
  std::vector<LayerSpec> layers;
  Activation activation;
  bool head;
  bool skip_first_layer;  // the head and the sum of goodness leave the first layer out
};

class Network {
 public:
  // `objectives`: one for each layer that learns. `max_images`: to learn from at once; 0 if the
  // network only classifies.
  // Throws ffwd::Error naming the layer that does not fit the one before it.
  Network(Device& device, const NetworkShape& shape, const std::vector<Objective>& objectives,
          OptimiserKind optimiser, int64_t max_images);

  Device& device() const { return *device_; }
  const NetworkShape& shape() const { return shape_; }
  std::vector<Layer>& layers() { return layers_; }
  const std::vector<Layer>& layers() const { return layers_; }
  std::optional<Head>& head() { return head_; }
  const std::optional<Head>& head() const { return head_; }
  // The first layer whose goodness or activities are used to classify.
  size_t first_read_layer() const { return shape_.skip_first_layer ? 1 : 0; }
  int64_t parameter_count() const;

  // Draws all weights from the seed.
  void initialise(WeightInit init, uint64_t seed);

  // Forward through all layers, in `rows` as step 0's batch: image sample[i] of `pixels`, for the
  // device, is its image i, shown under each of its labels in turn.
  void forward(NetworkRows& rows, const uint8_t* pixels, VectorView<const int32_t> sample,
               VectorView<const int32_t> label);

  // What layer l reads of a batch of `images` from its row `first` on, shown under `label`: the
  // images, or the activities of the layer below.
  LayerInput input_of(const NetworkRows& rows, size_t l, int64_t step, int64_t images,
                      int64_t first, VectorView<const int32_t> label) const;
  // What the head reads.
  std::vector<ConstMatrixView> head_input(const NetworkRows& rows, int64_t step, int64_t first,
                                          int64_t count) const;

 private:
  // Activities that layer l hands on, for one image.
  int64_t width_of(size_t l) const;

  Device* device_;
  NetworkShape shape_;
  std::vector<Layer> layers_;
  std::optional<Head> head_;
};

}  // namespace ffwd
