#include "host/plan/recipe_plan.h"

#include "host/basics/errors.h"
#include "host/recipe/recipe_network.h"

namespace ffwd {

PlanShape plan_shape(const Recipe& recipe, const ImageShape& image, int64_t classes, int64_t batch,
                     int64_t activation_bytes) {
  if (recipe.training.algorithm == Algorithm::backprop) {
    throw RecipeError(
        "training.algorithm is \"backprop\", which runs without a plan, expected"
        " \"forward-forward\"");
  }
  PlanShape shape;
  shape.image = image;
  shape.classes = classes;
  shape.layers = layer_shapes(recipe, shape.image);
  shape.head = recipe.network.head;
  shape.first_read_layer = recipe.training.skip_first_layer ? 1 : 0;
  shape.labels_from_head = recipe.negatives.labels == Negatives::head;
  shape.label_lag = recipe.negatives.lag;
  shape.goodness_of_pixels = recipe.objective.goodness_of == GoodnessOf::pixel;
  shape.peer_normalisation = recipe.objective.peer_strength > 0.0f;
  shape.optimiser_states = states_of(recipe.optimiser.kind);
  shape.batch = batch;
  shape.activation_bytes = activation_bytes;
  return shape;
}

PlanShape plan_shape(const Recipe& recipe, const Network& network, int64_t batch) {
  const InputFormat& input = network.shape().input;
  return plan_shape(recipe, input.image, input.classes, batch,
                    size_of(network.device().activation_type()));
}

std::vector<Stage> stages_of(const Recipe& recipe) {
  const int64_t layers = learning_layers(recipe);
  const bool head = recipe.network.head;
  if (recipe.training.schedule != Schedule::greedy) return {{0, layers, head}};
  std::vector<Stage> stages;
  for (int64_t l = 0; l < layers; ++l) stages.push_back({l, l + 1, false});
  if (head) stages.push_back({layers, layers, true});
  return stages;
}

bool keeps_input(const Recipe& recipe, bool same_batch) {
  return same_batch && recipe.negatives.labels == Negatives::fixed;
}

}  // namespace ffwd
