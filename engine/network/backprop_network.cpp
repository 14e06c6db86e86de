#include "engine/network/backprop_network.h"

#include <algorithm>
#include <numeric>

#include "engine/device/range.h"

namespace ffwd {

BackpropNetwork::BackpropNetwork(Device& device, const BackpropShape& shape,
                                 OptimiserKind optimiser, int64_t max_images)
    : device_(&device),
      shape_(shape),
      max_images_(max_images),
      pixels_(device, max_images, shape.inputs, device.activation_type()),
      logits_(device, max_images, shape.classes),
      dlogits_(device, max_images, shape.classes, device.activation_type()),
      row_scratch_(device, max_images),
      running_(device, max_images) {
  FFWD_EXPECT(!shape.widths.empty(), "a network needs a hidden layer");
  const DType type = device.activation_type();
  int64_t inputs = shape.inputs;
  const auto add_layer = [&](int64_t units) {
    layers_.emplace_back(device, units, inputs, Parameters::Biases::one_a_unit, optimiser, type);
    gradients_.emplace_back(device, layers_.back().gradient_size());
    inputs = units;
  };
  for (const int64_t units : shape.widths) {
    add_layer(units);
    activities_.emplace_back(device, max_images, units, type);
  }
  add_layer(shape.classes);
  const int64_t widest = *std::max_element(shape.widths.begin(), shape.widths.end());
  for (Matrix& scratch : scratch_) scratch = Matrix(device, max_images, widest, type);
  column_scratch_ = Vector<float>(
      device, column_sum_scratch(max_images, std::max(widest, int64_t(shape.classes))));
}

int64_t BackpropNetwork::parameter_count() const {
  int64_t count = 0;
  for (const Parameters& layer : layers_) count += (layer.inputs() + 1) * layer.units();
  return count;
}

void BackpropNetwork::initialise(WeightInit init, uint64_t seed) {
  for (size_t l = 0; l < layers_.size(); ++l) {
    const InitialWeights start =
        initial_weights(init, seed, l, layers_[l].inputs(), layers_[l].units());
    layers_[l].upload(start.weight, start.bias);
  }
}

ConstMatrixView BackpropNetwork::input_of(size_t layer) const {
  return layer == 0 ? pixels_.view(images_) : activities_[layer - 1].view(images_);
}

void BackpropNetwork::forward(const uint8_t* pixels, VectorView<const int32_t> sample) {
  const Range range("backprop.forward");
  FFWD_EXPECT(sample.size <= max_images_, "the network was made for fewer images");
  images_ = sample.size;
  device_->gather_images({pixels, sample, shape_.standardise, /*blank_pixels=*/0,
                          pixels_.view(images_), row_scratch_.view().slice(0, images_)});
  const size_t hidden = activities_.size();
  for (size_t l = 0; l < hidden; ++l) {
    const MatrixView z = scratch_[0].view(images_).left(shape_.widths[l]);
    device_->matmul(forward_product(input_of(l), layers_[l].operand(), z));
    GoodnessRows rows{};  // for its bias and activation: nothing learns here
    rows.z = z;
    rows.bias = layers_[l].bias();
    rows.activation = shape_.activation;
    rows.temperature = 1.0f;
    rows.norm.kind = NormKind::none;
    rows.next = activities_[l].view(images_);
    rows.goodness = row_scratch_.view().slice(0, images_);
    device_->goodness_rows(rows);
  }
  device_->matmul(
      forward_product(input_of(hidden), layers_[hidden].operand(), logits_.view(images_)));
}

void BackpropNetwork::backward(VectorView<const int32_t> label) {
  const Range range("backprop.backward");
  device_->softmax_loss({logits_.view(images_), label, dlogits_.view(images_),
                         running_.view().slice(0, images_), layers_.back().bias()});
  MatrixView dz = dlogits_.view(images_);
  for (size_t l = layers_.size(); l-- > 0;) {
    const Parameters& layer = layers_[l];
    device_->matmul(weight_and_bias_gradient(dz, input_of(l), layer.weight_gradient(gradient(l)),
                                             layer.bias_gradient(gradient(l)),
                                             column_scratch_.view()));
    if (l == 0) break;
    const MatrixView dy = scratch_[l % 2].view(images_).left(shape_.widths[l - 1]);
    device_->matmul(input_gradient_product(dz, layer.operand(), dy));
    device_->activation_gradient({input_of(l), dy, shape_.activation, dy});
    dz = dy;
  }
}

void BackpropNetwork::learn(const uint8_t* pixels, VectorView<const int32_t> sample,
                            VectorView<const int32_t> label, const Optimiser& optimiser,
                            VectorView<const StepValues> step) {
  forward(pixels, sample);
  backward(label);
  for (size_t l = 0; l < layers_.size(); ++l) {
    layers_[l].update(*device_, optimiser, step, gradient(l));
  }
}

std::vector<float> BackpropNetwork::logits(const uint8_t* pixels, int64_t count) {
  const std::vector<float> bias = layers_.back().biases();
  std::vector<int32_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  const Vector<int32_t> sample(*device_, order);
  std::vector<float> all;
  for (int64_t first = 0; first < count; first += max_images_) {
    const int64_t images = std::min(max_images_, count - first);
    forward(pixels, sample.view().slice(first, images));
    const std::vector<float> part = logits_.download(images);
    for (size_t i = 0; i < part.size(); ++i) all.push_back(part[i] + bias[i % bias.size()]);
  }
  return all;
}

}  // namespace ffwd
