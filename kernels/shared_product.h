// The product of a first layer's matmul whose rows many rows of z share: those of B images and of
// what is written under each label. Row r shows image r mod B under label[r].
//
//     z[r,j] = row_scale[r] * (images[r mod B, j] + labels[1 + label[r], j])
//
// Shapes: images (B, M); labels (1 + K, M), the neutral label first; both of the same type; label,
//         row_scale (R), R a multiple of B and below 2^31.
// Range:  label in [0, K) or kNeutralLabel (-1), not checked on the device.
#pragma once

#include "kernels/portable.h"
#include "kernels/view.h"

namespace ffwd {

struct SharedProduct {
  ConstMatrixView images, labels;
  VectorView<const int32_t> label;
  VectorView<const float> row_scale;

  bool present() const { return images.data != nullptr; }
};

// What row r of z is made of, besides its image.
template <typename T>
struct ShownLabel {
  ShownLabel() = default;
  FFWD_HD ShownLabel(const SharedProduct& a, int64_t r)
      : row(a.labels.row<T>(1 + a.label.data[r])), scale(a.row_scale.data[r]) {}

  FFWD_HD float z(float of_image, float of_label) const { return scale * (of_image + of_label); }

  const T* row;
  float scale;
};

}  // namespace ffwd
