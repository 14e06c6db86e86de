// The activation functions y = f(a) of a layer and their slopes, written once for both back ends.
#pragma once

#include <cstdint>

#include "kernels/portable.h"

namespace ffwd {

enum class Activation : int32_t { relu, leaky_relu };

inline constexpr Activation kActivations[] = {Activation::relu, Activation::leaky_relu};
inline constexpr float kLeakySlope = 0.01f;

// A NaN stays a NaN.
FFWD_HD float activation_value(Activation f, float a) {
  const float below = f == Activation::relu ? 0.0f : kLeakySlope * a;
  return a < 0.0f ? below : a;
}

// df/da, as a function of y = f(a): every activation here keeps the sign, so y tells the side.
FFWD_HD float activation_slope(Activation f, float y) {
  if (y > 0.0f) return 1.0f;
  return f == Activation::relu ? 0.0f : kLeakySlope;
}

}  // namespace ffwd
