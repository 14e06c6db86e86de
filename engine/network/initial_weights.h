// The weights that a layer starts with.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ffwd {

// normal: N(0, 1/inputs) and zero biases; uniform: U(+-1/sqrt(inputs)) for both.
enum class WeightInit { normal, uniform };

struct InitialWeights {
  std::vector<float> weight;  // (units, inputs)
  std::vector<float> bias;    // (units)
};

// Those of layer `layer` of a network, drawn from the seed.
InitialWeights initial_weights(WeightInit init, uint64_t seed, std::size_t layer, int64_t inputs,
                               int64_t units);

}  // namespace ffwd
