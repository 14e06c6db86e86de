// The product of a first layer's matmul whose rows many rows of z share: those of B images and of
// what is written under each label. Row r shows image r mod B under label[r].
//
//     z[r,j] = row_scale[r] * (images[r mod B, j] + labels[1 + label[r], j])
//
// Shapes: images (B, M); labels (1 + K, M), the neutral label first; both of the same type; label,
//         row_scale (R), R a multiple of B and below 2^32.
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

// What makes up row r of z.
template <typename T>
struct SharedProductRow {
  FFWD_HD SharedProductRow(const SharedProduct& a, int64_t r)
      : image(a.images.row<T>(uint32_t(r) % uint32_t(a.images.rows))),  // in 64 bits: a call
        label(a.labels.row<T>(1 + a.label.data[r])),
        scale(a.row_scale.data[r]) {}

  FFWD_HD float z(float of_image, float of_label) const { return scale * (of_image + of_label); }

  const T *image, *label;
  float scale;
};

}  // namespace ffwd
