#include "engine/network/initial_weights.h"

#include <cmath>

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

InitialWeights initial_weights(WeightInit init, uint64_t seed, size_t layer, int64_t inputs,
                               int64_t units) {
  const float scale = 1.0f / std::sqrt(float(inputs));
  const auto draw = [&](int64_t index) {
    const RandomBits bits = random_bits(seed, RandomUse::weights, uint64_t(index), uint32_t(layer));
    return scale *
           (init == WeightInit::normal ? normal(bits) : 2.0f * unit_interval(bits.word[0]) - 1.0f);
  };
  InitialWeights start{std::vector<float>(size_t(units * inputs)),
                       std::vector<float>(size_t(units), 0.0f)};
  for (size_t i = 0; i < start.weight.size(); ++i) start.weight[i] = draw(int64_t(i));
  if (init == WeightInit::uniform) {
    for (size_t j = 0; j < start.bias.size(); ++j) {
      start.bias[j] = draw(int64_t(start.weight.size() + j));
    }
  }
  return start;
}

}  // namespace ffwd
