// Adam with decoupled weight decay, fused with the cast of the new weights to the matmul's element
// type.
//
//     m      <- beta1 m + (1 - beta1) g
//     v      <- beta2 v + (1 - beta2) g^2
//     weight <- weight - rate (m / c1 / (sqrt(v / c2) + eps) + weight_decay * weight)
//     rate = learning_rate * step.rate_factor,  c1 = step.adam_correction1,  c2 likewise
//     operand <- weight, rounded to bf16
//
// Source: Kingma and Ba 2015, arXiv:1412.6980, algorithm 1; decay: Loshchilov and Hutter,
//         arXiv:1711.05101.
//
// Shapes:   m, v (n), fp32; the others: kernels/weight_update.h.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include <cmath>

#include "kernels/stream.h"
#include "kernels/weight_update.h"

namespace ffwd {

struct AdamUpdate : WeightUpdate {
  VectorView<float> m, v;
  float beta1, beta2, eps;
};

FFWD_HD void adam_step(const AdamUpdate& a, const StepValues& step, float decay, float g, float& m,
                       float& v, float& weight) {
  m = a.beta1 * m + (1.0f - a.beta1) * g;
  v = a.beta2 * v + (1.0f - a.beta2) * g * g;
  const float move = m / step.adam_correction1 / (sqrtf(v / step.adam_correction2) + a.eps);
  weight -= a.learning_rate * step.rate_factor * (move + decay * weight);
}

// Throws ffwd::Error if the shapes break the contract.
void check(const AdamUpdate& args);

namespace cpu {
void adam_update(const AdamUpdate& args, Stream stream);
}
namespace cuda {
void adam_update(const AdamUpdate& args, Stream stream);
}

}  // namespace ffwd
