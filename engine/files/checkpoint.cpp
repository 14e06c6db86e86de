#include "engine/files/checkpoint.h"

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
  if (!all_finite(found->data)) {
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

std::vector<LazyTensor> tensors_of(const State& state) {
  std::vector<LazyTensor> tensors;
  for (const State::Named& named : state.vectors) {
    const Vector<float>& vector = *named.vector;
    tensors.push_back({named.name, {vector.size()}, [&vector] { return vector.download(); }});
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

// A head keeps one matrix a layer; the file has them side by side.
int64_t columns_of(const Head& head) {
  int64_t columns = 0;
  for (const Parameters& part : head.weights()) columns += part.inputs();
  return columns;
}

std::vector<float> weights_of(const Head& head) {
  std::vector<std::vector<float>> parts;
  for (const Parameters& part : head.weights()) parts.push_back(part.weights());
  std::vector<float> weights;
  for (int64_t k = 0; k < head.classes(); ++k) {
    for (const std::vector<float>& part : parts) {
      const int64_t width = int64_t(part.size()) / head.classes();
      weights.insert(weights.end(), part.begin() + k * width, part.begin() + (k + 1) * width);
    }
  }
  return weights;
}

}  // namespace

std::vector<LazyTensor> network_tensors(const Network& network) {
  std::vector<LazyTensor> tensors;
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const Layer& layer = network.layers()[l];
    const std::string prefix = std::to_string(l) + ".";
    tensors.push_back(
        {prefix + "weight", weight_shape(layer.shape()), [&layer] { return layer.weights(); }});
    tensors.push_back(
        {prefix + "bias", {layer.shape().units}, [&layer] { return layer.biases(); }});
  }
  if (const std::optional<Head>& head = network.head()) {
    tensors.push_back({"head.weight", {head->classes(), columns_of(*head)}, [&head] {
                         return weights_of(*head);
                       }});
  }
  return tensors;
}

std::vector<LazyTensor> network_tensors(const BackpropNetwork& network) {
  std::vector<LazyTensor> tensors;
  for (size_t l = 0; l < network.layers().size(); ++l) {
    const Parameters& layer = network.layers()[l];
    const std::string prefix = std::to_string(l) + ".";
    tensors.push_back(
        {prefix + "weight", {layer.units(), layer.inputs()}, [&layer] { return layer.weights(); }});
    tensors.push_back({prefix + "bias", {layer.units()}, [&layer] { return layer.biases(); }});
  }
  return tensors;
}

void check_weights(const std::vector<LayerShape>& shapes, const SafetensorsFile& file,
                   const std::string& origin) {
  for (size_t l = 0; l < shapes.size(); ++l) {
    tensor(file, std::to_string(l) + ".weight", weight_shape(shapes[l]), origin);
  }
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
    const int64_t classes = network.head()->classes(), total = columns_of(*network.head());
    int64_t first = 0;
    const float* const all = tensor(file, "head.weight", {classes, total}, origin).data();
    for (Parameters& part : network.head()->weights()) {
      std::vector<float> values;
      for (int64_t k = 0; k < classes; ++k) {
        const float* const row = all + k * total + first;
        values.insert(values.end(), row, row + part.inputs());
      }
      part.upload(values, {});
      first += part.inputs();
    }
  }
  expect_count(file, expected, origin);
}

std::vector<LazyTensor> state_tensors(Network& network) {
  return tensors_of(state_of(network));
}

std::vector<LazyTensor> state_tensors(BackpropNetwork& network) {
  return tensors_of(state_of(network));
}

void load_state(Network& network, const SafetensorsFile& file, const std::string& origin) {
  upload(state_of(network), file, origin);
}

void load_state(BackpropNetwork& network, const SafetensorsFile& file, const std::string& origin) {
  upload(state_of(network), file, origin);
}

}  // namespace ffwd
