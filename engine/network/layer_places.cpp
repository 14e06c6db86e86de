#include "engine/network/layer_places.h"

#include <tuple>

namespace ffwd {
namespace {

// The first layer that has memory of its own where layer l fits; else l.
template <typename Fits>
int64_t place_of(int64_t l, const std::vector<int64_t>& places, const Fits& fits) {
  for (int64_t first = 0; first < l; ++first) {
    if (places[size_t(first)] == first && fits(first)) return first;
  }
  return l;
}

}  // namespace

LayerPlaces layer_places(const std::vector<LayerShape>& layers, bool take_turns, bool head) {
  LayerPlaces places;
  for (int64_t l = 0; l < int64_t(layers.size()); ++l) {
    const LayerShape& own = layers[size_t(l)];
    const auto shape = [&](int64_t other) -> const LayerShape& { return layers[size_t(other)]; };
    const auto layout = [](const LayerShape& s) {  // of weights
      return std::tuple(s.units, s.inputs, s.fan_in(), s.convolution ? s.convolution->taps() : 1);
    };
    places.z.push_back(place_of(l, places.z, [&](int64_t other) {
      return take_turns && shape(other).units == own.units && shape(other).pixels() >= own.pixels();
    }));
    // Any place but that of its own input.
    places.next.push_back(place_of(l, places.next, [&](int64_t other) {
      return take_turns && !head && other != places.next.back() &&
             shape(other).units == own.units && shape(other).pooled_pixels() >= own.pooled_pixels();
    }));
    places.gradient.push_back(place_of(l, places.gradient, [&](int64_t other) {
      return take_turns && layout(shape(other)) == layout(own);
    }));
  }
  return places;
}

}  // namespace ffwd
