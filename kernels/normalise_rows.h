// Divides every row by its length: x_hat[i,:] = x[i,:] / length(x[i,:])    (kernels/norm.h).
//
// Shapes:   x, x_hat: (R, D), both fp32 or both bf16. R = 0 is allowed.
// Aliasing: x_hat may be the memory of x.
// Order:    one row's sum of squares runs in a fixed order, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/norm.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct NormaliseRows {
  ConstMatrixView x;
  Norm norm;
  MatrixView x_hat;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const NormaliseRows& args);

namespace cpu {
void normalise_rows(const NormaliseRows& args, Stream stream);
}
namespace cuda {
void normalise_rows(const NormaliseRows& args, Stream stream);
}

}  // namespace ffwd
