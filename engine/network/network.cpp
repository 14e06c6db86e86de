#include "engine/network/network.h"

#include "engine/device/range.h"

namespace ffwd {

Network::Network(Device& device, const NetworkShape& shape,
                 const std::vector<Objective>& objectives, OptimiserKind optimiser,
                 int64_t max_images)
    : device_(&device), shape_(shape) {
  const std::vector<LayerShape> shapes =
      layer_shapes(shape.layers, shape.input.image, shape.activation, shape.input.norm);
  FFWD_EXPECT(objectives.size() == shapes.size(), "every layer that learns needs an objective");
  for (size_t l = 0; l < shapes.size(); ++l) {
    layers_.emplace_back(device, shapes[l], objectives[l], optimiser, max_images);
  }
  FFWD_EXPECT(first_read_layer() < layers_.size(), "no layer is left to classify with");
  if (shape.head) {
    std::vector<int64_t> seen;
    for (size_t l = first_read_layer(); l < layers_.size(); ++l) seen.push_back(width_of(l));
    head_.emplace(device, seen, shape.input.classes, optimiser, max_images);
  }
}

int64_t Network::width_of(size_t l) const {
  const LayerShape& shape = layers_[l].shape();
  return shape.pooled_pixels() * shape.units;
}

int64_t Network::parameter_count() const {
  int64_t count = 0;
  for (const auto& layer : layers_) count += (layer.shape().fan_in() + 1) * layer.shape().units;
  if (head_) {
    for (size_t l = first_read_layer(); l < layers_.size(); ++l) {
      count += head_->classes() * width_of(l);
    }
  }
  return count;
}

void Network::initialise(WeightInit init, uint64_t seed) {
  for (size_t l = 0; l < layers_.size(); ++l) {
    const LayerShape& shape = layers_[l].shape();
    const InitialWeights start = initial_weights(init, seed, l, shape.fan_in(), shape.units);
    layers_[l].set(start.weight, start.bias);
  }
}

void Network::forward(NetworkRows& rows, const uint8_t* pixels, VectorView<const int32_t> sample,
                      VectorView<const int32_t> label) {
  const int64_t images = sample.size, count = label.size;
  rows.images.gather(*device_, 0, pixels, sample);
  rows.images.show_labels(*device_, 0, images, label, 0);
  for (size_t l = 0; l < layers_.size(); ++l) {
    const Range range("layer.forward", int64_t(l));
    const LayerRows::View out = rows.layers[l].view(0, 0, count);
    const LayerInput input = input_of(rows, l, 0, images, 0, label);
    if (l == 0 && rows.images.shares_product()) {
      rows.images.shared_product(*device_, 0, images, layers_[0].parameters());
    } else {
      layers_[l].forward(*device_, std::get<ConstMatrixView>(input), out);
    }
    layers_[l].goodness(*device_, input, out, /*learning=*/0, /*hands_on=*/true);
  }
}

LayerInput Network::input_of(const NetworkRows& rows, size_t l, int64_t step, int64_t images,
                             int64_t first, VectorView<const int32_t> label) const {
  if (l == 0) return rows.images.input(step, images, first, label);
  return ConstMatrixView(rows.layers[l - 1].view(step, first, label.size).next);
}

std::vector<ConstMatrixView> Network::head_input(const NetworkRows& rows, int64_t step,
                                                 int64_t first, int64_t count) const {
  FFWD_EXPECT(head_, "without a head layers may have written over what others handed on");
  std::vector<ConstMatrixView> activities;
  for (size_t l = first_read_layer(); l < layers_.size(); ++l) {
    ConstMatrixView x = rows.layers[l].view(step, first, count).next;
    if (x.rows != count) {  // pixels: the same memory as one row an image
      x = reshaped(x, count, width_of(l));
    }
    activities.push_back(x);
  }
  return activities;
}

}  // namespace ffwd
