// Adds rows that several others share: row r shows image r mod B.
//
//     z[r,:] += row_scale[r] * base[r mod B, :]
//
// The first layer's matmul runs over the B images alone; this gives every labelled row its share of
// it. Its adjoint is kernels/fold_rows.h.
//
// Shapes:   base (B, M); z (R, M), R a multiple of B; both fp32 or both bf16; row_scale (R). R = 0
//           is allowed.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct SpreadRows {
  ConstMatrixView base;
  VectorView<const float> row_scale;
  MatrixView z;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const SpreadRows& args);

namespace cpu {
void spread_rows(const SpreadRows& args, Stream stream);
}
namespace cuda {
void spread_rows(const SpreadRows& args, Stream stream);
}

}  // namespace ffwd
