#include "engine/checkpoint.h"

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
  if (!found->is_finite()) {
    throw Error(origin + ": the tensor \"" + name + "\" holds what is no finite number");
  }
  return found->data;
}

void expect_count(const SafetensorsFile& file, size_t expected, const std::string& origin) {
  if (file.tensors.size() == expected) return;
  throw Error(origin + ": holds " + std::to_string(file.tensors.size()) + " tensors, expected " +
              std::to_string(expected));
}

// What training changes, and what it is called in a file.
struct State {
  struct Named {
    std::string name;
    Vector<float>* vector;
  };
  std::vector<Named> vectors;
  std::vector<Parameters*> parameters;

  void add(const std::string& prefix, Parameters& added) {
    static const char* const names[] = {"values", "moment1", "moment2"};
    parameters.push_back(&added);
    size_t i = 0;
    for (Vector<float>* vector : added.state()) vectors.push_back({prefix + names[i++], vector});
  }
};

State state_of(Network& network) {
  State state;
  for (size_t l = 0; l < network.layers().size(); ++l) {
    Layer& layer = network.layers()[l];
    const std::string prefix = std::to_string(l) + ".";
    state.add(prefix, layer.parameters());
    state.vectors.push_back({prefix + "peer_mean", &layer.peer_mean()});
    state.vectors.push_back({prefix + "running", &layer.running().floats()});
  }
  if (!network.head()) return state;
  size_t l = 0;
  for (Parameters& part : network.head()->weights()) {
    state.add("head." + std::to_string(l++) + ".", part);
  }
  state.vectors.push_back({"head.running", &network.head()->running().floats()});
  return state;
}

State state_of(BackpropNetwork& network) {
  State state;
  size_t l = 0;
  for (Parameters& layer : network.layers()) state.add(std::to_string(l++) + ".", layer);
  state.vectors.push_back({"running", &network.running().floats()});
  return state;
}

std::vector<NamedTensor> download(const State& state) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, vector] : state.vectors) {
    tensors.push_back({name, {vector->size()}, vector->download()});
  }
  return tensors;
}

void upload(const State& state, const SafetensorsFile& file, const std::string& origin) {
  for (const auto& [name, vector] : state.vectors) {
    vector->upload(tensor(file, name, {vector->size()}, origin));
  }
  expect_count(file, state.vectors.size(), origin);
  for (Parameters* parameters : state.parameters) parameters->round_operand();
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
  expect_count(file, expected, origin);
}

std::vector<NamedTensor> state_tensors(Network& network) {
  return download(state_of(network));
}

std::vector<NamedTensor> state_tensors(BackpropNetwork& network) {
  return download(state_of(network));
}

void load_state(Network& network, const SafetensorsFile& file, const std::string& origin) {
  upload(state_of(network), file, origin);
}

void load_state(BackpropNetwork& network, const SafetensorsFile& file, const std::string& origin) {
  upload(state_of(network), file, origin);
}

}  // namespace ffwd
