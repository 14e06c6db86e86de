#include "engine/checkpoint.h"

#include <algorithm>
#include <cmath>

namespace ffwd {
namespace {

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += (i ? ", " : "") + std::to_string(shape[i]);
  return text + ")";
}

// Of PyTorch's Linear or Conv2d.
std::vector<int64_t> weight_shape(const LayerShape& shape) {
  if (!shape.convolution) return {shape.units, shape.fan_in()};
  const ConvolutionShape& s = *shape.convolution;
  return {s.units, s.channels(), s.kernel, s.kernel};
}

const std::vector<float>& tensor(const SafetensorsFile& file, const std::string& name,
                                 const std::vector<int64_t>& shape, const std::string& origin) {
  const NamedTensor* found = file.find(name);
  if (found == nullptr) throw Error(origin + ": the tensor \"" + name + "\" is missing");
  if (found->shape != shape) {
    throw Error(origin + ": the tensor \"" + name + "\" has shape " + shape_text(found->shape) +
                ", expected " + shape_text(shape));
  }
  if (!std::all_of(found->data.begin(), found->data.end(),
                   [](float v) { return std::isfinite(v); })) {
    throw Error(origin + ": the tensor \"" + name + "\" holds what is no finite number");
  }
  return found->data;
}

}  // namespace

std::vector<NamedTensor> network_tensors(const Network& network) {
  std::vector<NamedTensor> tensors;
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    const std::string prefix = std::to_string(l) + ".";
    tensors.push_back({prefix + "weight", weight_shape(layer.shape()), layer.weights()});
    tensors.push_back({prefix + "bias", {layer.shape().units}, layer.biases()});
  }
  if (!network.head()) return tensors;

  // The head keeps one matrix a layer; the file has them side by side.
  const auto& parts = network.head()->weights();
  NamedTensor head{"head.weight", {network.head()->classes(), 0}, {}};
  for (const Parameters& part : parts) head.shape[1] += part.inputs();
  std::vector<std::vector<float>> values;
  for (const Parameters& part : parts) values.push_back(part.weights());
  for (int64_t k = 0; k < head.shape[0]; ++k) {
    for (size_t l = 0; l < parts.size(); ++l) {
      const int64_t width = parts[l].inputs();
      const auto row = values[l].begin() + k * width;
      head.data.insert(head.data.end(), row, row + width);
    }
  }
  tensors.push_back(std::move(head));
  return tensors;
}

std::vector<NamedTensor> network_tensors(const BackpropNetwork& network) {
  std::vector<NamedTensor> tensors;
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const Parameters& layer = network.layers()[l];
    const std::string prefix = std::to_string(l) + ".";
    tensors.push_back({prefix + "weight", {layer.units(), layer.inputs()}, layer.weights()});
    tensors.push_back({prefix + "bias", {layer.units()}, layer.biases()});
  }
  return tensors;
}

void load_network(Network& network, const SafetensorsFile& file, const std::string& origin) {
  for (size_t l = 0; l < network.layers().size(); ++l) {
    Layer& layer = network.layers()[l];
    const std::string prefix = std::to_string(l) + ".";
    layer.set(tensor(file, prefix + "weight", weight_shape(layer.shape()), origin),
              tensor(file, prefix + "bias", {layer.shape().units}, origin));
  }
  size_t expected = 2 * network.layers().size();
  if (network.head()) {
    ++expected;
    const int64_t classes = network.head()->classes();
    int64_t total = 0, first = 0;
    for (const Parameters& part : network.head()->weights()) total += part.inputs();
    const std::vector<float>& all = tensor(file, "head.weight", {classes, total}, origin);
    for (Parameters& part : network.head()->weights()) {
      std::vector<float> values;
      for (int64_t k = 0; k < classes; ++k) {
        const auto row = all.begin() + k * total + first;
        values.insert(values.end(), row, row + part.inputs());
      }
      part.upload(values, {});
      first += part.inputs();
    }
  }
  if (file.tensors.size() != expected) {
    throw Error(origin + ": holds " + std::to_string(file.tensors.size()) + " tensors, expected " +
                std::to_string(expected));
  }
}

}  // namespace ffwd
