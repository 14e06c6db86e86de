// Adds a matrix to an fp32 one, or replaces it:
//
//     sum[i,j] = term[i,j] + (add ? sum[i,j] : 0)
//
// For libraries whose gradients have another element type or other rows than ours.
//
// Shapes:   term (R, C), fp32 or bf16; sum (R, C), fp32.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct Accumulate {
  ConstMatrixView term;
  MatrixView sum;
  bool add;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const Accumulate& args);

namespace cpu {
void accumulate(const Accumulate& args, Stream stream);
}
namespace cuda {
void accumulate(const Accumulate& args, Stream stream);
}

}  // namespace ffwd
