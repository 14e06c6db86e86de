// Hinton's update: an average of gradients, and weight decay that is not part of it; fused with the
// cast of the new weights to the matmul's element type. Biases, which stand behind the weights, are
// not decayed and not cast.
//
//     velocity <- momentum * velocity + (1 - momentum) * gradient
//     weight   <- weight - learning_rate * step.rate_factor * (velocity + weight_decay * weight)
//     operand  <- weight, rounded to bf16
//
// Source: Hinton's ffnew.m (momentum 0.9; there the gradient points uphill).
//
// Shapes:   weight, velocity, gradient (n), fp32, the last `biases` of them biases; operand
//           (n - biases), bf16, or absent; step (1), memory of the device.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/step_values.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct MomentumUpdate {
  VectorView<float> weight, velocity;
  VectorView<const float> gradient;
  int64_t biases;
  float learning_rate, momentum, weight_decay;
  VectorView<const StepValues> step;
  VectorView<bfloat16> operand;
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
