// How much memory a training takes, and what to compare that with.
#pragma once

#include "engine/device/device.h"
#include "host/plan/plan.h"

namespace ffwd::bench {

// Bytes of the device's memory that are in use, but for a constant: on a GPU whoever uses them, on
// the CPU by this process. Two of them tell what happened between.
int64_t memory_in_use(const Device& device);

// Weights and biases in fp32 with their optimiser's state, two activations for each row and unit of
// every layer, and the bytes of a batch's images. A training also has gradients and the operands in
// bf16, and fewer activations where its layers share memory.
int64_t memory_yardstick(const PlanShape& shape);

}  // namespace ffwd::bench
