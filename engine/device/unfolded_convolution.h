// Convolutions as matrix products: the pixels that an output pixel sees, tap by tap, become one row
// ("unfold", im2col), whose columns are those of the weights.
#pragma once

#include <vector>

#include "engine/device/convolution.h"
#include "engine/device/onednn_matmul.h"

namespace ffwd {

// Whether this is faster than oneDNN, which reads all weights for each image where the output is
// small (bench/results/cpu.md).
bool unfolding_pays(const Convolution& args);
bool unfolding_pays(const ConvolutionGradient& args);

// On the CPU, for convolutions without groups. Many images go in blocks, so that the rows take
// 64 MiB at most, or one image.
class UnfoldedConvolution {
 public:
  explicit UnfoldedConvolution(OnednnMatmul& matmul) : matmul_(&matmul) {}

  void run(const Convolution& args);
  void run(const ConvolutionGradient& args);

 private:
  // Rows for the output pixels of `count` images from `first` on.
  ConstMatrixView unfold(const ConvolutionShape& shape, const ConstMatrixView& x, int64_t first,
                         int64_t count);

  OnednnMatmul* matmul_;
  std::vector<char> rows_;
};

}  // namespace ffwd
