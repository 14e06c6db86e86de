#include "engine/network/network_rows.h"

#include "engine/network/layer_places.h"
#include "engine/network/network.h"

namespace ffwd {

NetworkRows::NetworkRows(Device& device, const Network& network, int64_t count, int64_t shows,
                         const NetworkSlots& slots)
    : images(device, network.shape().input, count, shows, network.layers().front().shape(),
             slots.images) {
  const int64_t rows = count * shows;
  std::vector<LayerShape> shapes;
  for (const Layer& layer : network.layers()) shapes.push_back(layer.shape());
  const LayerPlaces places =
      layer_places(shapes, slots.take_turns, /*head=*/network.head().has_value());
  layers.reserve(shapes.size());
  for (size_t l = 0; l < shapes.size(); ++l) {
    const auto lent = [&](const std::vector<int64_t>& place) {
      const auto other = lender(place, int64_t(l));
      return other ? &layers[size_t(*other)] : nullptr;
    };
    layers.emplace_back(device, rows, shapes[l],
                        slots.layers.empty() ? LayerSlots() : slots.layers.at(l),
                        LayerRows::Lenders{lent(places.z), lent(places.next)});
  }
  if (network.head()) logits = Matrix(device, count, network.head()->classes());
}

}  // namespace ffwd
