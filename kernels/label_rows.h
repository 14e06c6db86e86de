// The first layer's output under all K labels from one matmul: the images' part is shared, and a label adds
// the weights of its own pixel.
//
//     z[k*B + i, j] = base[i,j] + label_value * row_scale[i] * sum_c weight[j, k*C + c]
//
// where base = x_hat_blank W^T and row_scale come from images gathered with kBlankLabel.
//
// Shapes:   base (B, M); z (K*B, M); weight (M, D) with D >= K*C, all of one element type; row_scale (B).
//           C channels a pixel.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct LabelRows {
  ConstMatrixView base, weight;
  VectorView<const float> row_scale;
  float label_value;
  int32_t classes, channels;
  MatrixView z;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const LabelRows& args);

namespace cpu {
void label_rows(const LabelRows& args, Stream stream);
}
namespace cuda {
void label_rows(const LabelRows& args, Stream stream);
}

}  // namespace ffwd
