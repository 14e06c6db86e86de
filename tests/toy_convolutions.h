// A small network of convolutions for the toy data of three channels.
#pragma once

#include "tests/toy_data.h"

namespace ffwd::test {

inline LayerSpec convolution(int64_t units, int64_t kernel, int64_t padding, int64_t stride = 1) {
  LayerSpec spec;
  spec.kind = LayerSpec::Kind::convolution;
  spec.units = units;
  spec.kernel = kernel;
  spec.padding = padding;
  spec.stride = stride;
  return spec;
}

inline LayerSpec pool(LayerSpec::Kind kind) {
  LayerSpec spec;
  spec.kind = kind;
  return spec;
}

// 8 x 8 x 3 -> 8 x 8 x 16 -> (pool) 4 x 4 x 16 -> 4 x 4 x 24 -> 24.
inline Recipe convolutional_recipe() {
  Recipe recipe = toy_recipe();
  recipe.network.layers = {convolution(16, 3, 1), pool(LayerSpec::Kind::max_pool),
                           convolution(24, 3, 1), dense_layers({24})[0]};
  recipe.network.normalise = NormKind::l2;
  recipe.network.init = WeightInit::uniform;
  recipe.objective.goodness = Goodness::mean_squares;
  recipe.objective.threshold = {0.05f};
  recipe.objective.temperature = 0.05f;
  recipe.objective.peer_strength = 0.0f;
  recipe.negatives.labels = Negatives::random;
  recipe.optimiser.kind = OptimiserKind::adam;
  recipe.optimiser.learning_rate = 0.003f;
  recipe.optimiser.head_learning_rate = 0.003f;
  return recipe;
}

}  // namespace ffwd::test
