#include "host/recipe/recipe_network.h"

#include "host/basics/errors.h"

namespace ffwd {
namespace {

// PyTorch's and JAX's examples have these; ffnew.m has a tiny one.
constexpr float kL2Eps = 1e-4f, kRmsEps = 1e-8f;

}  // namespace

Norm norm_of(const Recipe& recipe) {
  const NormKind norm = recipe.network.normalise;
  return {norm, norm == NormKind::l2 ? kL2Eps : kRmsEps};
}

Standardise standardise(const Recipe& recipe, const DatasetFormat& format) {
  Standardise result;
  result.channels = int32_t(format.image.channels);
  for (size_t c = 0; c < size_t(format.image.channels) && recipe.data.standardise; ++c) {
    result.scale[c] = 1.0f / (255.0f * format.deviation[c]);
    result.shift[c] = -format.mean[c] / format.deviation[c];
  }
  return result;
}

std::vector<LayerShape> layer_shapes(const Recipe& recipe, const ImageShape& image) {
  const Recipe::Network& network = recipe.network;
  try {
    auto shapes = layer_shapes(network.layers, image, network.activation, norm_of(recipe));
    if (network.head) check_head(shapes, recipe.training.skip_first_layer ? 1 : 0);
    return shapes;
  } catch (const Error& error) {
    throw RecipeError(std::string("network.layers: ") + error.what());
  }
}

std::vector<Objective> objectives(const Recipe& recipe) {
  const auto& threshold = recipe.objective.threshold;
  std::vector<Objective> all;
  for (const LayerSpec& layer : recipe.network.layers) {
    if (!layer.learns()) continue;
    Objective objective;
    objective.goodness = recipe.objective.goodness;
    objective.goodness_of = recipe.objective.goodness_of;
    objective.threshold = threshold.empty()       ? float(layer.units)
                          : threshold.size() == 1 ? threshold[0]
                                                  : threshold[all.size()];
    objective.temperature = recipe.objective.temperature;
    objective.peer_strength = recipe.objective.peer_strength;
    objective.peer_momentum = recipe.objective.peer_momentum;
    all.push_back(objective);
  }
  return all;
}

Optimiser layer_optimiser(const Recipe& recipe) {
  const Recipe::Optimiser& o = recipe.optimiser;
  return {o.kind, o.learning_rate, o.weight_decay, o.momentum, o.beta1, o.beta2, o.eps};
}

Optimiser head_optimiser(const Recipe& recipe) {
  const Recipe::Optimiser& o = recipe.optimiser;
  return {o.kind, o.head_learning_rate, o.head_weight_decay, o.momentum, o.beta1, o.beta2, o.eps};
}

}  // namespace ffwd
