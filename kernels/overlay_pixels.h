// Writes labels over the first pixels of images and normalises every pixel over its channels: what
// a convolutional first layer reads. Every image may be shown several times, under different
// labels: row r shows image i = r mod B.
//
//     x[r,p,c]           = overlay(p) if p < K, else base[i, p*C + c]     (kernels/overlay_labels.h)
//     x_hat[r*P + p, c]  = x[r,p,c] / length of x[r,p,:]                  (kernels/norm.h)
//
// Shapes:   base (B, P*C), from kernels/gather_images.h, and x_hat (R*P, C), both fp32 or both
//           bf16; label (R), R a multiple of B. K <= P, 1 <= C <= 4. R = 0 is allowed.
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

  FFWD_HD int64_t pixels() const { return base.cols / channels; }
};

// Pixel p of row r.
template <typename T>
FFWD_HD void overlay_pixel(const OverlayPixels& a, int64_t r, int64_t p) {
  const T* base = a.base.row<T>(r % a.base.rows) + p * a.channels;
  T* x_hat = a.x_hat.row<T>(r * a.pixels() + p);
  const bool labelled = p < a.classes;
  const float overlay =
      labelled ? overlay_value(a.label.data[r], int32_t(p), a.classes, a.label_value) : 0.0f;
  float squares = 0.0f;
  for (int32_t c = 0; c < a.channels; ++c) {
    const float x = labelled ? overlay : to_float(base[c]);
    squares += x * x;
  }
  const float scale = norm_scale(a.norm, squares, a.channels);
  for (int32_t c = 0; c < a.channels; ++c) {
    store(x_hat[c], scale * (labelled ? overlay : to_float(base[c])));
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
