#include "engine/layer_input.h"

namespace ffwd {
namespace {

// A convolution that no matrix product can do.
bool convolves(const LayerShape& shape) {
  return shape.convolution && !shape.convolution->pointwise();
}

void multiply_rows(Device& device, const LayerShape& shape, const ConstMatrixView& x_hat,
                   const Parameter& weight, MatrixView z) {
  if (convolves(shape)) return device.convolve({*shape.convolution, x_hat, weight.operand(), z});
  device.matmul({x_hat, false, weight.operand().left(x_hat.cols), true, z});
}

void multiply_rows(Device& device, const LayerShape&, const LabelledImages& images,
                   const Parameter& weight, MatrixView z) {
  device.matmul({images.label_part, false, weight.operand().left(images.label_part.cols), true, z});
  device.spread_rows({images.product, images.row_scale, z});
}

void gradient_of_rows(Device& device, const LayerShape& shape, const ConstMatrixView& x_hat,
                      ConstMatrixView dz, MatrixView gradient) {
  if (convolves(shape)) {
    const ConvolutionShape& s = *shape.convolution;
    const int64_t images = dz.rows / s.output().pixels();
    return device.convolution_gradient(
        {s, x_hat.row_range(0, images * s.input.pixels()), dz, gradient});
  }
  device.matmul({dz, true, x_hat.row_range(0, dz.rows), false, gradient.left(x_hat.cols)});
}

void gradient_of_rows(Device& device, const LayerShape&, const LabelledImages& images,
                      ConstMatrixView dz, MatrixView gradient) {
  device.fold_rows({dz, images.row_scale.slice(0, dz.rows), images.folded});
  device.matmul({images.folded, true, images.base, false, gradient});
  // The images are zero where the label is, and so are these columns of their gradient.
  const ConstMatrixView label_part = images.label_part.row_range(0, dz.rows);
  device.matmul({dz, true, label_part, false, gradient.left(label_part.cols)});
}

}  // namespace

void multiply(Device& device, const LayerShape& shape, const LayerInput& input,
              const Parameter& weight, MatrixView z) {
  std::visit([&](const auto& rows) { multiply_rows(device, shape, rows, weight, z); }, input);
}

void weight_gradient(Device& device, const LayerShape& shape, const LayerInput& input,
                     ConstMatrixView dz, const Parameter& weight) {
  std::visit(
      [&](const auto& rows) { gradient_of_rows(device, shape, rows, dz, weight.gradient()); },
      input);
}

}  // namespace ffwd
