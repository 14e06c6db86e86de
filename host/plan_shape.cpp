#include "host/plan_shape.h"

namespace ffwd {

PlanShape plan_shape(const Recipe& recipe, const ImageFormat& format, int64_t batch,
                     int64_t activation_bytes) {
  PlanShape shape;
  shape.image_values = format.height * format.width * format.channels;
  shape.classes = int64_t(format.class_names.size());
  shape.label_values = shape.classes * format.channels;
  const ImageShape images{format.height, format.width, format.channels};
  for (const LayerShape& layer :
       layer_shapes(recipe.network.layers, images, recipe.network.activation, Norm{})) {
    shape.layers.push_back({layer.fan_in(), layer.units, layer.pixels()});
  }
  shape.head = recipe.network.head;
  shape.first_read_layer = recipe.training.skip_first_layer ? 1 : 0;
  shape.labels_from_head = recipe.negatives.labels == Negatives::head;
  shape.peer_normalisation = recipe.objective.peer_strength > 0.0f;
  shape.optimiser_states = recipe.optimiser.kind == OptimiserKind::adam ? 2 : 1;
  shape.batch = batch;
  shape.activation_bytes = activation_bytes;
  return shape;
}

}  // namespace ffwd
