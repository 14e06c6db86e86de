// The buffers of a plan: what there is in memory, and how large.
#pragma once

#include <vector>

#include "host/plan/plan.h"

namespace ffwd {

// Places in Plan::buffers; -1 if the network has no such thing.
struct PlanBuffers {
  struct Layer {
    int64_t z, activities, next, figures, scratch, gradient, weights, peer_mean, running;
  };

  int64_t images = -1, shared_product = -1, shown = -1, wrong_labels = -1;
  std::vector<Layer> layers;
  int64_t logits = -1, head_weights = -1, head_scratch = -1, head_running = -1;
};

// Adds the buffers of the plan's shape to it. `take_turns`: one task follows another.
PlanBuffers add_buffers(Plan& plan, bool take_turns);

}  // namespace ffwd
