// What a layer multiplies its weights with: the activities below, or, for a fully connected first
// layer, labelled images whose matmul is shared by all rows that show the same image.
#pragma once

#include <variant>

#include "engine/network/layer_shape.h"
#include "engine/network/parameters.h"

namespace ffwd {

// R labelled rows of B images: row r shows image r mod B (kernels/overlay_labels.h).
struct LabelledImages {
  ConstMatrixView base;        // (B, D): the images without labels, not normalised
  SharedProduct product;       // of images and of labels with W^T: stands for z
  ConstMatrixView label_part;  // (R, K*C): the normalised rows' first columns
  MatrixView folded;           // (B, M): scratch
};

// x_hat itself, (R, D) or (R*H*W, C) for a convolution, or labelled images that stand for it.
using LayerInput = std::variant<ConstMatrixView, LabelledImages>;

// The gradient of weights and biases from dz, over the first rows of the input, as many as dz has;
// its memory as Parameters want it. `scratch`: column_sum_scratch of dz.
void parameter_gradient(Device& device, const LayerShape& shape, const LayerInput& input,
                        ConstMatrixView dz, const Parameters& parameters,
                        VectorView<float> gradient, VectorView<float> scratch);

}  // namespace ffwd
