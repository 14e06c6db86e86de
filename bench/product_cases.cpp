// Matmuls and convolutions, which libraries compute.
#include "bench/bench.h"

namespace ffwd::bench {
namespace {

Matmul gradient_matmul(Operands& memory, int64_t rows, int64_t inputs, int64_t units, DType dtype) {
  return weight_gradient_product(memory.matrix(rows, units, dtype, Fill::centred),
                                 memory.matrix(rows, inputs, dtype, Fill::centred),
                                 memory.matrix(units, inputs, DType::f32, Fill::zero));
}

void add_matmuls(Bench& bench, const std::string& precision, DType dtype,
                 const std::vector<int64_t>& rows) {
  constexpr std::pair<int64_t, int64_t> kLayers[] = {
      {784, 500}, {500, 500}, {784, 2000}, {2000, 2000}};
  for (const int64_t r : rows) {
    for (const auto& [inputs, units] : kLayers) {
      const int64_t d = inputs, m = units;
      const double x = double(r * d), z = double(r * m), weights = double(m * d),
                   element = double(size_of(dtype));
      const double flops = 2.0 * double(r) * weights;
      const std::string shape = "/" + precision + "/" + std::to_string(r) + "x" +
                                std::to_string(d) + "x" + std::to_string(m);
      add_call(bench, "matmul_forward" + shape, {(x + z + weights) * element, flops},
               &Device::matmul,
               [=](Operands& memory) { return forward_matmul(memory, r, d, m, dtype); });
      const Cost gradient{(x + z) * element + 4.0 * weights, flops};
      add_call(bench, "matmul_gradient" + shape, gradient, &Device::matmul,
               [=](Operands& memory) { return gradient_matmul(memory, r, d, m, dtype); });
      // With the gradient of the biases.
      add_call(bench, "matmul_gradient_sums" + shape, gradient, &Device::matmul,
               [=](Operands& memory) {
                 Matmul args = gradient_matmul(memory, r, d, m, dtype);
                 args.sums = memory.floats(m, Fill::zero);
                 args.scratch = memory.floats(column_sum_scratch(r, m), Fill::zero);
                 return args;
               });
    }
  }
}

void add_convolutions(Bench& bench, const std::string& precision, DType dtype) {
  constexpr int64_t kImages = 200;
  const ConvolutionShape kLayers[] = {{{32, 32, 64}, 128, 5, 2, 2, 1},
                                      {{8, 8, 256}, 512, 5, 2, 2, 1},
                                      {{2, 2, 1024}, 2048, 5, 2, 2, 1},
                                      {{16, 16, 128}, 128, 3, 1, 1, 1},
                                      {{4, 4, 512}, 512, 3, 1, 1, 1}};
  for (const ConvolutionShape& s : kLayers) {
    const int64_t d = s.taps() * s.stored_channels(), in = kImages * s.input.pixels(),
                  out = kImages * s.output().pixels();
    const double x = double(in * s.input.channels), z = double(out * s.units),
                 weights = double(s.units * d), element = double(size_of(dtype));
    const double flops = 2.0 * double(out) * weights;
    const std::string shape =
        "/" + precision + "/" + std::to_string(kImages) + "x" + std::to_string(s.input.height) +
        "x" + std::to_string(s.input.width) + "x" + std::to_string(s.input.channels) + "x" +
        std::to_string(s.units) + "k" + std::to_string(s.kernel) + "s" + std::to_string(s.stride);
    add_call(bench, "convolution_forward" + shape, {(x + z + weights) * element, flops},
             &Device::convolve, [=](Operands& memory) -> Convolution {
               return {s, memory.matrix(in, s.input.channels, dtype, Fill::centred),
                       memory.matrix(s.units, d, dtype, Fill::centred),
                       memory.matrix(out, s.units, dtype, Fill::zero)};
             });
    add_call(bench, "convolution_gradient" + shape, {(x + z) * element + 4.0 * weights, flops},
             &Device::convolution_gradient, [=](Operands& memory) -> ConvolutionGradient {
               return {s, memory.matrix(in, s.input.channels, dtype, Fill::centred),
                       memory.matrix(out, s.units, dtype, Fill::centred),
                       memory.matrix(s.units, d, DType::f32, Fill::zero)};
             });
  }
}

}  // namespace

void add_products(Bench& bench, const std::string& precision, DType dtype,
                  const std::vector<int64_t>& rows) {
  add_matmuls(bench, precision, dtype, rows);
  add_convolutions(bench, precision, dtype);
}

}  // namespace ffwd::bench
