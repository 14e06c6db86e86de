// The memory that the gradients of a network's layers lie in while they learn.
#pragma once

#include <vector>

#include "engine/network.h"

namespace ffwd {

class LayerGradients {
 public:
  // Layers of one shape share it if they take turns (engine/layer_places.h).
  LayerGradients(const Network& network, bool take_turns);

  VectorView<float> of(int64_t layer) const {
    return memory_[size_t(place_[size_t(layer)])].view();
  }

 private:
  std::vector<int64_t> place_;         // of each layer
  std::vector<Vector<float>> memory_;  // of each place; empty where there is none
};

}  // namespace ffwd
