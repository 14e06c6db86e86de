// Writes labels over the first pixels of a batch's images. Every image may be shown several times,
// under different labels: row r shows image i = r mod B. Only what depends on the label is made:
//
//     overlay(p)            = label_value if p == label[r], or label_value / K for every p if the
//                             label is kNeutralLabel, else 0
//     row_scale[r]          = 1 / length of the whole row (kernels/norm.h), whose squares sum to
//                             squares[i] + C * sum_p overlay(p)^2
//     label_part[r, p*C+c]  = row_scale[r] * overlay(p)     for p < K
//
// The whole normalised row is [label_part[r], row_scale[r] * base[i, K*C:]], with base from
// kernels/gather_images.h. A matmul of it may be shared by all that show the image or have the label
// (kernels/shared_product.h).
//
// Source: Hinton 2022, arXiv:2212.13345, section 3.3 (label in the first pixels, neutral label).
//
// Shapes:   label, row_scale (R); squares (B), R a multiple of B; label_part (R, K*C), fp32 or
//           bf16; `width` is the length of a whole row, which an RMS norm needs. R = 0 is allowed.
// Range:    label in [0, K) or kNeutralLabel, not checked on the device.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/norm.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

inline constexpr int32_t kNeutralLabel = -1;

struct OverlayLabels {
  VectorView<const int32_t> label;
  VectorView<const float> squares;
  int32_t classes, channels;
  float label_value;
  Norm norm;
  int64_t width;
  MatrixView label_part;
  VectorView<float> row_scale;
};

// What the overlay writes at pixel `p` of `classes` under `label`.
FFWD_HD float overlay_value(int32_t label, int32_t p, int32_t classes, float label_value) {
  if (label == kNeutralLabel) return label_value / float(classes);
  return p == label ? label_value : 0.0f;
}

// Row r, whose label_part is stored as T.
template <typename T>
FFWD_HD void overlay_label(const OverlayLabels& a, int64_t r) {
  const int32_t label = a.label.data[r];
  const float squares = a.squares.data[r % a.squares.size];
  const float strongest = a.label_value * a.label_value;  // one pixel, or K pixels of 1/K
  const float overlay = label == kNeutralLabel ? strongest / float(a.classes) : strongest;
  const float scale = norm_scale(a.norm, squares + float(a.channels) * overlay, a.width);
  a.row_scale.data[r] = scale;
  T* label_part = a.label_part.row<T>(r);
  for (int64_t j = 0; j < a.label_part.cols; ++j) {
    const auto p = int32_t(j / a.channels);
    store(label_part[j], scale * overlay_value(label, p, a.classes, a.label_value));
  }
}

// Throws ffwd::Error if the shapes break the contract.
void check(const OverlayLabels& args);

namespace cpu {
void overlay_labels(const OverlayLabels& args, Stream stream);
}
namespace cuda {
void overlay_labels(const OverlayLabels& args, Stream stream);
}

}  // namespace ffwd
