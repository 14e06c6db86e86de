// The memory of what a network makes of a batch.
#pragma once

#include <vector>

#include "engine/network/image_batch.h"
#include "engine/network/layer_rows.h"

namespace ffwd {

class Network;

// How many batches in flight keep their memory apart; no layers: one batch. Layers that take turns
// share memory (engine/network/layer_places.h).
struct NetworkSlots {
  ImageSlots images;
  std::vector<LayerSlots> layers;
  bool take_turns = true;
};

// The images of a batch, and what a network makes of them: up to `shows` rows an image, each under
// its label.
struct NetworkRows {
  NetworkRows(Device& device, const Network& network, int64_t images, int64_t shows,
              const NetworkSlots& slots = {});

  ImageBatch images;
  std::vector<LayerRows> layers;
  Matrix logits;  // (images, classes), fp32; empty without a head
};

}  // namespace ffwd
