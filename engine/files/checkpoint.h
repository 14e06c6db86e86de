// A network as tensors, and back: to use it, its weights with PyTorch's names and layouts; to go on
// training it, its whole state.
//
//     0.weight (units, inputs), 0.bias (units), 1.weight, ...  torch.nn.Sequential of Linear layers
//     head.weight (classes, sum of the widths that it sees)    torch.nn.Linear without bias
#pragma once

#include <string>
#include <vector>

#include "engine/files/safetensors.h"
#include "engine/network/backprop_network.h"
#include "engine/network/network.h"

namespace ffwd {

// Read from the device whenever their data are asked for: the network must be there until then, and
// must not learn in between.
std::vector<LazyTensor> network_tensors(const Network& network);
// The head is the last of its layers, and has a bias.
std::vector<LazyTensor> network_tensors(const BackpropNetwork& network);

// Throws ffwd::Error naming `origin` and the tensor if a layer's weight is missing or has another
// shape: for the time before there is a network, which takes the memory that its shapes ask for.
void check_weights(const std::vector<LayerShape>& shapes, const SafetensorsFile& file,
                   const std::string& origin);

// Throws likewise for every tensor, and if there are too many.
void load_network(Network& network, const SafetensorsFile& file, const std::string& origin);

// All that training changes: weights, optimiser state, running means and figures; each a vector as
// it lies on the device. A network of the same shape, optimiser, objectives and batch goes on from it
// with the same bits. Read from the device likewise.
std::vector<LazyTensor> state_tensors(Network& network);
std::vector<LazyTensor> state_tensors(BackpropNetwork& network);
// Throw as load_network.
void load_state(Network& network, const SafetensorsFile& file, const std::string& origin);
void load_state(BackpropNetwork& network, const SafetensorsFile& file, const std::string& origin);

}  // namespace ffwd
