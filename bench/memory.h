// How much memory a training takes, and how little it could get by with.
#pragma once

#include "engine/device.h"
#include "host/plan/plan.h"

namespace ffwd::bench {

// Bytes of the device's memory that are in use, but for a constant: on a GPU whoever uses them, on
// the CPU by this process. Two of them tell what happened between.
int64_t memory_in_use(const Device& device);

// Weights and biases in fp32 with their optimiser's state, two activations for each row and unit of
// a layer, and the bytes of a batch's images. What else a training keeps, gradients above all, is
// not in it.
int64_t memory_bound(const PlanShape& shape);

}  // namespace ffwd::bench
