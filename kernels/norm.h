// The length that a row is divided by before the next layer sees it.
//
//   none  x_hat = x
//   l2    x_hat = x / (||x||_2 + eps)           unit length
//   rms   x_hat = x / (sqrt(mean x^2) + eps)    unit mean square (Hinton's ffnew.m)
//
// Dividing hides a layer's goodness from the next layer, which must find something new. eps keeps
// a row of zeros a row of zeros.
#pragma once

#include <cmath>
#include <cstdint>

#include "kernels/names.h"
#include "kernels/portable.h"

namespace ffwd {

enum class NormKind : int32_t { none, l2, rms };

inline constexpr Named<NormKind> kNormKinds[] = {
    {"none", NormKind::none}, {"l2", NormKind::l2}, {"rms", NormKind::rms}};

struct Norm {
  NormKind kind = NormKind::rms;
  float eps = 1e-8f;
};

// The factor that a row of `width` elements with this sum of squares is multiplied by.
FFWD_HD float norm_scale(Norm norm, float sum_of_squares, int64_t width) {
  if (norm.kind == NormKind::none) return 1.0f;
  const float mean = norm.kind == NormKind::rms ? sum_of_squares / float(width) : sum_of_squares;
  return 1.0f / (sqrtf(mean) + norm.eps);
}

}  // namespace ffwd
