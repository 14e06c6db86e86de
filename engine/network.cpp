#include "engine/network.h"

#include <cmath>

#include "engine/range.h"
#include "kernels/random.h"

namespace ffwd {
namespace {

// A standard normal number, by Box and Muller.
float normal(const RandomBits& bits) {
  constexpr double kTwoPi = 6.283185307179586;
  const double u = 1.0 - unit_interval(bits.word[0]);  // in (0, 1]
  return float(std::sqrt(-2.0 * std::log(u)) * std::cos(kTwoPi * unit_interval(bits.word[1])));
}

}  // namespace

NetworkRows::NetworkRows(Device& device, const Network& network, int64_t count, int64_t shows)
    : images(device, network.shape().input, count, shows, network.shape().widths[0]) {
  const int64_t rows = count * shows;
  for (const auto& layer : network.layers()) layers.emplace_back(device, rows, layer.shape().units);
  if (network.head()) logits = Matrix(device, rows, network.head()->classes());
}

Network::Network(Device& device, const NetworkShape& shape,
                 const std::vector<Objective>& objectives, OptimiserKind optimiser,
                 int64_t max_rows)
    : device_(&device), shape_(shape) {
  FFWD_EXPECT(objectives.size() == shape.widths.size(), "every layer needs an objective");
  int64_t inputs = shape.input.pixels;
  for (size_t l = 0; l < shape.widths.size(); ++l) {
    const LayerShape layer{inputs, shape.widths[l], shape.activation, shape.input.norm};
    layers_.emplace_back(device, layer, objectives[l], optimiser, max_rows);
    inputs = shape.widths[l];
  }
  FFWD_EXPECT(first_read_layer() < layers_.size(), "no layer is left to classify with");
  if (shape.head) {
    const std::vector<int64_t> seen(shape.widths.begin() + int64_t(first_read_layer()),
                                    shape.widths.end());
    head_.emplace(device, seen, shape.input.classes, optimiser, max_rows);
  }
}

int64_t Network::parameter_count() const {
  int64_t count = 0;
  for (const auto& layer : layers_) count += (layer.shape().inputs + 1) * layer.shape().units;
  if (head_) {
    for (size_t l = first_read_layer(); l < layers_.size(); ++l) {
      count += head_->classes() * layers_[l].shape().units;
    }
  }
  return count;
}

void Network::initialise(WeightInit init, uint64_t seed) {
  for (size_t l = 0; l < layers_.size(); ++l) {
    const LayerShape& shape = layers_[l].shape();
    const float scale = 1.0f / std::sqrt(float(shape.inputs));
    const auto draw = [&](int64_t index) {
      const RandomBits bits = random_bits(seed, RandomUse::weights, uint64_t(index), uint32_t(l));
      return scale * (init == WeightInit::normal ? normal(bits)
                                                 : 2.0f * unit_interval(bits.word[0]) - 1.0f);
    };
    std::vector<float> weight(size_t(shape.units * shape.inputs)), bias(size_t(shape.units), 0.0f);
    for (size_t i = 0; i < weight.size(); ++i) weight[i] = draw(int64_t(i));
    if (init == WeightInit::uniform) {
      for (size_t j = 0; j < bias.size(); ++j) bias[j] = draw(int64_t(weight.size() + j));
    }
    layers_[l].weight().upload(weight);
    layers_[l].bias().upload(bias);
  }
}

void Network::load(NetworkRows& rows, const uint8_t* pixels, VectorView<const int32_t> sample) {
  rows.images.load(pixels, sample, layers_[0].weight());
}

void Network::forward(const NetworkRows& rows, int64_t first, int64_t count, size_t from,
                      size_t to) {
  for (size_t l = from; l < to; ++l) {
    const Range range("layer.forward", int64_t(l));
    layers_[l].forward(input_of(rows, l, first, count), rows.layers[l].view(first, count));
  }
}

LayerInput Network::input_of(const NetworkRows& rows, size_t l, int64_t first,
                             int64_t count) const {
  if (l == 0) return rows.images.rows(first, count);
  return ConstMatrixView(rows.layers[l - 1].next.view().row_range(first, count));
}

std::vector<ConstMatrixView> Network::head_input(const NetworkRows& rows, int64_t first,
                                                 int64_t count) const {
  std::vector<ConstMatrixView> activities;
  for (size_t l = first_read_layer(); l < layers_.size(); ++l) {
    activities.push_back(rows.layers[l].next.view().row_range(first, count));
  }
  return activities;
}

}  // namespace ffwd
