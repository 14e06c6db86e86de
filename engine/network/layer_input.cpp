#include "engine/network/layer_input.h"

namespace ffwd {
namespace {

void gradient_of_rows(Device& device, const LayerShape& shape, const ConstMatrixView& x_hat,
                      ConstMatrixView dz, const Parameters& parameters, VectorView<float> memory,
                      VectorView<float> scratch) {
  const MatrixView gradient = parameters.weight_gradient(memory);
  if (shape.convolves()) {
    const ConvolutionShape& s = *shape.convolution;
    const int64_t images = dz.rows / s.output().pixels();
    device.convolution_gradient({s, x_hat.row_range(0, images * s.input.pixels()), dz, gradient});
    return device.column_sum({dz, {}, 1.0f, parameters.bias_gradient(memory), scratch});
  }
  device.matmul(weight_and_bias_gradient(dz, x_hat.row_range(0, dz.rows), gradient.left(x_hat.cols),
                                         parameters.bias_gradient(memory), scratch));
}

void gradient_of_rows(Device& device, const LayerShape&, const LabelledImages& images,
                      ConstMatrixView dz, const Parameters& parameters, VectorView<float> memory,
                      VectorView<float> scratch) {
  const MatrixView gradient = parameters.weight_gradient(memory);
  device.fold_rows({dz, images.product.row_scale.slice(0, dz.rows), images.folded});
  device.matmul(weight_gradient_product(images.folded, images.base, gradient));
  // The images are zero where the label is, and so are these columns of their gradient.
  const ConstMatrixView label_part = images.label_part.row_range(0, dz.rows);
  device.matmul(weight_and_bias_gradient(dz, label_part, gradient.left(label_part.cols),
                                         parameters.bias_gradient(memory), scratch));
}

}  // namespace

void parameter_gradient(Device& device, const LayerShape& shape, const LayerInput& input,
                        ConstMatrixView dz, const Parameters& parameters,
                        VectorView<float> gradient, VectorView<float> scratch) {
  std::visit(
      [&](const auto& rows) {
        gradient_of_rows(device, shape, rows, dz, parameters, gradient, scratch);
      },
      input);
}

}  // namespace ffwd
