// The gradient before an activation from the one after it, as backpropagation needs it:
//
//     dz[i,j] = dy[i,j] * f'(a[i,j])        with y[i,j] = f(a[i,j])        (kernels/activation.h)
//
// f' is read off y: every activation here keeps the sign. Where a is 0, f' is the one below 0.
//
// Shapes:   y, dy, dz: (R, M), all fp32 or all bf16. R = 0 is allowed.
// Aliasing: dz may be the memory of dy. Nothing else may overlap.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/activation.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct ActivationGradient {
  ConstMatrixView y, dy;
  Activation activation;
  MatrixView dz;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const ActivationGradient& args);

namespace cpu {
void activation_gradient(const ActivationGradient& args, Stream stream);
}
namespace cuda {
void activation_gradient(const ActivationGradient& args, Stream stream);
}

}  // namespace ffwd
