// Which layers share memory. Layers that take turns share what a layer needs only during its turn: z
// and the gradient of its weights. What they hand on alternates between two matrices, unless a head
// reads it.
#pragma once

#include <optional>
#include <vector>

#include "engine/network/layer_shape.h"

namespace ffwd {

// For each layer the one whose memory it uses: itself, or an earlier one with the same columns, so
// that padding stays zero, and no fewer rows.
struct LayerPlaces {
  std::vector<int64_t> z, next, gradient;
};

// The layer that lends layer l memory, by one of these; none: it has its own.
inline std::optional<int64_t> lender(const std::vector<int64_t>& places, int64_t l) {
  const int64_t place = places[size_t(l)];
  return place < l ? std::optional(place) : std::nullopt;
}

// `take_turns`: a layer's tasks follow those of the layer before. `head`: it reads what layers hand
// on.
LayerPlaces layer_places(const std::vector<LayerShape>& layers, bool take_turns, bool head);

}  // namespace ffwd
