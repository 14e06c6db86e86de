// What a layer multiplies its weights with: the activities below, or, for the first layer, labelled
// images whose matmul is shared by all rows that show the same image.
#pragma once

#include <variant>

#include "engine/optimiser.h"

namespace ffwd {

// R labelled rows of B images: row r shows image r mod B (kernels/overlay_labels.h).
struct LabelledImages {
  ConstMatrixView base;               // (B, D): the images without labels, not normalised
  ConstMatrixView product;            // (B, M): base W^T
  ConstMatrixView label_part;         // (R, K*C): the normalised rows' first columns
  VectorView<const float> row_scale;  // (R)
  MatrixView folded;                  // (B, M): scratch
};

// x_hat (R, D) itself, or labelled images that stand for it.
using LayerInput = std::variant<ConstMatrixView, LabelledImages>;

// z (R, M) = x_hat W^T.
void multiply(Device& device, const LayerInput& input, const Parameter& weight, MatrixView z);

// W's gradient (M, D) = dz^T x_hat over the first rows of the input, as many as dz has.
void weight_gradient(Device& device, const LayerInput& input, ConstMatrixView dz,
                     const Parameter& weight);

}  // namespace ffwd
