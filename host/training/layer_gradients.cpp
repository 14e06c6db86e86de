#include "host/training/layer_gradients.h"

#include "engine/layer_places.h"

namespace ffwd {

LayerGradients::LayerGradients(const Network& network, bool take_turns)
    : memory_(network.layers().size()) {
  std::vector<LayerShape> shapes;
  for (const Layer& layer : network.layers()) shapes.push_back(layer.shape());
  place_ = layer_places(shapes, take_turns, network.head().has_value()).gradient;
  for (size_t l = 0; l < shapes.size(); ++l) {
    if (lender(place_, int64_t(l))) continue;
    const int64_t size = network.layers()[l].parameters().gradient_size();
    memory_[l] = Vector<float>(network.device(), size);
  }
}

}  // namespace ffwd
