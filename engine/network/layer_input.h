// What a layer multiplies its weights with: the activities below, or, for a fully connected first
// layer, labelled images whose matmul is shared by all rows that show the same image.
#pragma once

#include <variant>

#include "kernels/shared_product.h"
#include "kernels/view.h"

namespace ffwd {

// R labelled rows of B images: row r shows image r mod B (kernels/overlay_labels.h).
struct LabelledImages {
  ConstMatrixView base;        // (B, D): the images without labels, not normalised
  SharedProduct product;       // of images and of labels with W^T: stands for z
  ConstMatrixView label_part;  // (R, K*C): the normalised rows' first columns
  MatrixView folded;           // (B, M): the gradient of the product of images
};

// x_hat itself, (R, D) or (R*H*W, C) for a convolution, or labelled images that stand for it.
using LayerInput = std::variant<ConstMatrixView, LabelledImages>;

}  // namespace ffwd
