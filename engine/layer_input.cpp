#include "engine/layer_input.h"

namespace ffwd {
namespace {

// A convolution that no matrix product can do.
bool convolves(const LayerShape& shape) {
  return shape.convolution && !shape.convolution->pointwise();
}

void multiply_rows(Device& device, const LayerShape& shape, const ConstMatrixView& x_hat,
                   const Parameters& parameters, MatrixView z) {
  if (convolves(shape))
    return device.convolve({*shape.convolution, x_hat, parameters.operand(), z});
  device.matmul({x_hat, false, parameters.operand().left(x_hat.cols), true, z});
}

void multiply_rows(Device&, const LayerShape&, const LabelledImages&, const Parameters&,
                   MatrixView) {}

void gradient_of_rows(Device& device, const LayerShape& shape, const ConstMatrixView& x_hat,
                      ConstMatrixView dz, const Parameters& parameters, VectorView<float> scratch) {
  const MatrixView gradient = parameters.gradient();
  if (convolves(shape)) {
    const ConvolutionShape& s = *shape.convolution;
    const int64_t images = dz.rows / s.output().pixels();
    device.convolution_gradient({s, x_hat.row_range(0, images * s.input.pixels()), dz, gradient});
    return device.column_sum({dz, {}, 1.0f, parameters.bias_gradient(), scratch});
  }
  device.matmul({dz, true, x_hat.row_range(0, dz.rows), false, gradient.left(x_hat.cols), 1.0f,
                 0.0f, parameters.bias_gradient(), scratch});
}

void gradient_of_rows(Device& device, const LayerShape&, const LabelledImages& images,
                      ConstMatrixView dz, const Parameters& parameters, VectorView<float> scratch) {
  const MatrixView gradient = parameters.gradient();
  device.fold_rows({dz, images.products.row_scale.slice(0, dz.rows), images.folded});
  device.matmul({images.folded, true, images.base, false, gradient});
  // The images are zero where the label is, and so are these columns of their gradient.
  const ConstMatrixView label_part = images.label_part.row_range(0, dz.rows);
  device.matmul({dz, true, label_part, false, gradient.left(label_part.cols), 1.0f, 0.0f,
                 parameters.bias_gradient(), scratch});
}

}  // namespace

void multiply(Device& device, const LayerShape& shape, const LayerInput& input,
              const Parameters& parameters, MatrixView z) {
  std::visit([&](const auto& rows) { multiply_rows(device, shape, rows, parameters, z); }, input);
}

void find_gradient(Device& device, const LayerShape& shape, const LayerInput& input,
                   ConstMatrixView dz, const Parameters& parameters, VectorView<float> scratch) {
  std::visit(
      [&](const auto& rows) { gradient_of_rows(device, shape, rows, dz, parameters, scratch); },
      input);
}

}  // namespace ffwd
