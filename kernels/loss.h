// The local loss of one row: softplus of the margin by which its goodness is on the wrong side.
//
//   m = sign * (G - threshold) / temperature,   sign = +1 positive row, -1 negative row
//   loss = log(1 + exp(-m))   (nats),           dloss/dG = -sign * sigmoid(-m) / temperature
//
// Source: Hinton 2022, arXiv:2212.13345, eq. 1: -log p(the row is what it is).
#pragma once

#include <cmath>

#include "kernels/portable.h"

namespace ffwd {

struct LossAndSlope {
  float loss;   // nats
  float slope;  // dloss/dG
};

FFWD_HD LossAndSlope softplus_loss(float goodness, float sign, float threshold, float temperature) {
  const float m = sign * (goodness - threshold) / temperature;
  const float e = expf(-fabsf(m));  // in [0, 1]: cannot overflow
  const float loss = log1pf(e) + (m < 0.0f ? -m : 0.0f);
  const float sigmoid_of_minus_m = (m < 0.0f ? 1.0f : e) / (1.0f + e);
  return {loss, -sign * sigmoid_of_minus_m / temperature};
}

}  // namespace ffwd
