// Which layers share memory. Layers that take turns need not each have their own for what a layer
// needs during its turn alone, or for what it hands to the next one: then a network takes little more
// of it than its largest layer.
#pragma once

#include "engine/layer_shape.h"

namespace ffwd {

// For each layer the one whose memory it uses: itself, or an earlier one of the same layout, so that
// the columns of padding stay zero.
struct LayerPlaces {
  std::vector<int64_t> z, next, gradient;
};

// `take_turns`: a layer's tasks follow those of the layer before. `head`: it reads what every layer
// hands on.
LayerPlaces layer_places(const std::vector<LayerShape>& layers, bool take_turns, bool head);

}  // namespace ffwd
