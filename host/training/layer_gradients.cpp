#include "host/training/layer_gradients.h"

namespace ffwd {

LayerGradients::LayerGradients(const Network& network, bool take_turns)
    : memory_(network.layers().size()) {
  std::vector<LayerShape> shapes;
  for (const Layer& layer : network.layers()) shapes.push_back(layer.shape());
  for (size_t l = 0; l < shapes.size(); ++l) {
    place_.push_back(gradient_place(shapes, int64_t(l), take_turns));
    if (place_[l] != int64_t(l)) continue;
    const int64_t size = network.layers()[l].parameters().gradient_size();
    memory_[l] = Vector<float>(network.device(), size);
  }
}

}  // namespace ffwd
