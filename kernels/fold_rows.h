// Adds up the rows that show the same image: row r shows image r mod B.
//
//     folded[i,:] = sum over r = i, i + B, i + 2B, ... of row_scale[r] * dz[r,:]
//
// The first layer's weight gradient then needs a matmul over the B images alone. The adjoint of
// the images' part of kernels/shared_product.h.
//
// Shapes:   dz (R, M); folded (B, M), R a multiple of B; both fp32 or both bf16; row_scale (R). R =
//           0 gives zeros.
// Aliasing: none.
// Order:    r ascending, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct FoldRows {
  ConstMatrixView dz;
  VectorView<const float> row_scale;
  MatrixView folded;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const FoldRows& args);

namespace cpu {
void fold_rows(const FoldRows& args, Stream stream);
}
namespace cuda {
void fold_rows(const FoldRows& args, Stream stream);
}

}  // namespace ffwd
