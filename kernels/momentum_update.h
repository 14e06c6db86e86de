// Hinton's update: an average of gradients, and weight decay that is not part of it; fused with the
// cast of the new weights to the matmul's element type.
//
//     velocity <- momentum * velocity + (1 - momentum) * gradient
//     weight   <- weight - learning_rate * step.rate_factor * (velocity + weight_decay * weight)
//     operand  <- weight, rounded to bf16
//
// Source: Hinton's ffnew.m (momentum 0.9; there the gradient points uphill).
//
// Shapes:   velocity (n), fp32; the others: kernels/weight_update.h.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/weight_update.h"

namespace ffwd {

struct MomentumUpdate : WeightUpdate {
  VectorView<float> velocity;
  float momentum;
};

FFWD_HD void momentum_step(const MomentumUpdate& a, const StepValues& step, float decay,
                           float gradient, float& velocity, float& weight) {
  velocity = a.momentum * velocity + (1.0f - a.momentum) * gradient;
  weight -= a.learning_rate * step.rate_factor * (velocity + decay * weight);
}

// Throws ffwd::Error if the shapes break the contract.
void check(const MomentumUpdate& args);

namespace cpu {
void momentum_update(const MomentumUpdate& args, Stream stream);
}
namespace cuda {
void momentum_update(const MomentumUpdate& args, Stream stream);
}

}  // namespace ffwd
