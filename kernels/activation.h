// The activation functions y = f(a) of a layer and their slopes, written once for both back ends.
// Every one must keep 0 (kernels fill rows up with it) and the sign of a, so that y alone tells the
// slope, and hand a NaN on. README.md tells how to add one.
#pragma once

#include <cstdint>
#include <type_traits>

#include "kernels/check.h"
#include "kernels/names.h"
#include "kernels/portable.h"

namespace ffwd {

enum class Activation : int32_t { relu, leaky_relu };

inline constexpr Named<Activation> kActivations[] = {{"relu", Activation::relu},
                                                     {"leaky_relu", Activation::leaky_relu}};
inline constexpr float kLeakySlope = 0.01f;

// Calls body with the function as a constant of the compiler (see kernels/goodness.h).
template <typename Body>
void with_constant(Activation f, const Body& body) {
  switch (f) {
    case Activation::relu:
      return body(std::integral_constant<Activation, Activation::relu>());
    case Activation::leaky_relu:
      return body(std::integral_constant<Activation, Activation::leaky_relu>());
  }
  fail(__FILE__, __LINE__, "unknown activation");
}

FFWD_HD float activation_value(Activation f, float a) {
  float below = 0.0f;
  switch (f) {
    case Activation::relu:
      break;
    case Activation::leaky_relu:
      below = kLeakySlope * a;
  }
  return a < 0.0f ? below : a;
}

// df/da, as a function of y = f(a).
FFWD_HD float activation_slope(Activation f, float y) {
  float below = 0.0f;
  switch (f) {
    case Activation::relu:
      break;
    case Activation::leaky_relu:
      below = kLeakySlope;
  }
  return y > 0.0f ? 1.0f : below;
}

}  // namespace ffwd
