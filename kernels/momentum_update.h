// Hinton's update: an average of gradients, and weight decay that is not part of it; fused with the
// cast of the new weights to the matmul's element type.
//
//     velocity <- momentum * velocity + (1 - momentum) * gradient
//     weight   <- weight - learning_rate * (velocity + weight_decay * weight)
//     operand  <- weight, rounded to bf16
//
// Source: Hinton's ffnew.m (momentum 0.9; there the gradient points uphill).
//
// Shapes:   weight, velocity, gradient (n), fp32; operand (n), bf16, or absent.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct MomentumUpdate {
  VectorView<float> weight, velocity;
  VectorView<const float> gradient;
  float learning_rate, momentum, weight_decay;
  VectorView<bfloat16> operand;
};

FFWD_HD void momentum_step(const MomentumUpdate& a, float gradient, float& velocity,
                           float& weight) {
  velocity = a.momentum * velocity + (1.0f - a.momentum) * gradient;
  weight -= a.learning_rate * (velocity + a.weight_decay * weight);
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
