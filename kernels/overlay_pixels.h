// Writes labels into images and normalises every pixel over its channels: what a convolutional
// first layer reads. Every image may be shown several times, under different labels: row r shows
// image i = r mod B. A label stands in the first pixels or, with a `pattern`, all over the image:
//
//     x[r,p,c]           = overlay(p) if p < K, else base[i, p*C + c]     (kernels/overlay_labels.h)
//     with a pattern:    = base[i, p*C + c] + label_value * pattern[label[r]*P + p]
//                          (kNeutralLabel: base alone)
//     x_hat[r*P + p, c]  = x[r,p,c] / length of x[r,p,:]                  (kernels/norm.h)
//
// Source: Scodellaro et al. 2023, arXiv:2312.14924, for labels that cover the image.
//
// Shapes:   base (B, P*C), from kernels/gather_images.h, and x_hat (R*P, C), both fp32 or both
//           bf16; label (R), R a multiple of B; pattern (K*P) or empty: none. K <= P, 1 <= C <= 4.
//           R = 0 is allowed.
// Range:    label in [0, K) or kNeutralLabel, not checked on the device.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/overlay_labels.h"

namespace ffwd {

struct OverlayPixels {
  ConstMatrixView base;
  VectorView<const int32_t> label;
  int32_t classes, channels;
  float label_value;
  Norm norm;
  MatrixView x_hat;
  VectorView<const float> pattern = {};

  FFWD_HD int64_t pixels() const { return base.cols / channels; }
};

// Pixel p of row r.
template <typename T>
FFWD_HD void overlay_pixel(const OverlayPixels& a, int64_t r, int64_t p) {
  const T* base = a.base.row<T>(r % a.base.rows) + p * a.channels;
  T* x_hat = a.x_hat.row<T>(r * a.pixels() + p);
  const int32_t label = a.label.data[r];
  const bool covers = a.pattern.size > 0;
  const bool replaces = !covers && p < a.classes;
  float overlay = 0.0f;
  if (replaces) overlay = overlay_value(label, int32_t(p), a.classes, a.label_value);
  if (covers && label != kNeutralLabel) {
    overlay = a.label_value * a.pattern.data[label * a.pixels() + p];
  }
  float squares = 0.0f;
  for (int32_t c = 0; c < a.channels; ++c) {
    const float x = overlay + (replaces ? 0.0f : to_float(base[c]));
    squares += x * x;
  }
  const float scale = norm_scale(a.norm, squares, a.channels);
  for (int32_t c = 0; c < a.channels; ++c) {
    store(x_hat[c], scale * (overlay + (replaces ? 0.0f : to_float(base[c]))));
  }
}

// Throws ffwd::Error if the shapes break the contract.
void check(const OverlayPixels& args);

namespace cpu {
void overlay_pixels(const OverlayPixels& args, Stream stream);
}
namespace cuda {
void overlay_pixels(const OverlayPixels& args, Stream stream);
}

}  // namespace ffwd
