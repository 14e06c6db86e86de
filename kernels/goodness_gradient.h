// The gradient of a loss that is the same for all pixels of an image, at the output z of a
// convolution whose rows are pixels:
//
//     y[i,j]  = f(z[i,j] + bias[j])                                        (kernels/activation.h)
//     dz[i,j] = slope[i / P] scale term'(y[i,j]) f'(z[i,j] + bias[j])        (kernels/goodness.h)
//
// slope is d mean(loss) / dg of the pixels' goodness g = scale sum_j term(y[i,j]), from
// kernels/image_goodness.h.
//
// Shapes:   z, dz: (R*P, M), both fp32 or both bf16; bias (M); slope (R). R = 0 is allowed.
// Aliasing: dz may be the memory of z. Nothing else may overlap.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/activation.h"
#include "kernels/goodness.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct GoodnessGradient {
  ConstMatrixView z;
  VectorView<const float> bias, slope;
  int64_t pixels;
  Activation activation;
  Goodness goodness_kind;
  MatrixView dz;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const GoodnessGradient& args);

namespace cpu {
void goodness_gradient(const GoodnessGradient& args, Stream stream);
}
namespace cuda {
void goodness_gradient(const GoodnessGradient& args, Stream stream);
}

}  // namespace ffwd
