// Makes the network's input rows from images that stay on the device as bytes: gathers, standardises,
// writes the label over the first pixels and normalises the row, in one pass.
//
// Row r shows image s = sample[r] under label k = label[r]. With pixel p and channel c (HWC order):
//     x[p*C + c]  = pixels[s, p*C + c] * scale[c] + shift[c]        for p >= K
//     x[p*C + c]  = overlay(p, k)                                   for p <  K
//     overlay     = label_value if p == k;  label_value / K for every p if k == kNeutralLabel;  else 0
//     x_hat       = x / length(x)                                   (kernels/norm.h)
// kBlankLabel writes zeros but divides by the length that the row has under any of the K labels: what
// K labels share of a first layer (kernels/label_rows.h).
//
// Source: Hinton 2022, arXiv:2212.13345, section 3.3 (label in the first pixels, neutral label).
//
// Shapes:   pixels (N, P*C) bytes; sample, label (R); x_hat (R, P*C), fp32 or bf16; row_scale (R) or
//           absent: 1 / length. K <= P, 1 <= C <= 4. R = 0 is allowed.
// Range:    sample in [0, N), label in [0, K) or one of the two constants; not checked on the device.
// Aliasing: none.
// Order:    one row's sum of squares runs in a fixed order, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/norm.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

inline constexpr int32_t kNeutralLabel = -1;
inline constexpr int32_t kBlankLabel = -2;
inline constexpr int kMaxChannels = 4;

// How bytes become numbers: x = byte * scale + shift, by channel.
struct Standardise {
  int32_t channels = 1;
  float scale[kMaxChannels] = {1.0f / 255, 1.0f / 255, 1.0f / 255, 1.0f / 255};
  float shift[kMaxChannels] = {0, 0, 0, 0};
};

struct GatherImages {
  const uint8_t* pixels;
  VectorView<const int32_t> sample, label;
  Standardise standardise;
  int32_t classes;
  float label_value;
  Norm norm;
  MatrixView x_hat;
  VectorView<float> row_scale;
};

// What the overlay writes at pixel `p` of `classes` under `label`.
FFWD_HD float overlay_value(int32_t label, int32_t p, int32_t classes, float label_value) {
  if (label == kNeutralLabel) return label_value / float(classes);
  return p == label ? label_value : 0.0f;
}

// Throws ffwd::Error if the shapes break the contract.
void check(const GatherImages& args);

namespace cpu {
void gather_images(const GatherImages& args, Stream stream);
}
namespace cuda {
void gather_images(const GatherImages& args, Stream stream);
}

}  // namespace ffwd
