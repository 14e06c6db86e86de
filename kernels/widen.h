// Adds a bf16 vector to an fp32 one, or replaces it:
//
//     wide[i] = narrow[i] + (add ? wide[i] : 0)
//
// For libraries whose bf16 results are gradients that we keep in fp32.
//
// Shapes:   narrow (n), bf16; wide (n), fp32.
// Aliasing: none.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct Widen {
  VectorView<const bfloat16> narrow;
  VectorView<float> wide;
  bool add;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const Widen& args);

namespace cpu {
void widen(const Widen& args, Stream stream);
}
namespace cuda {
void widen(const Widen& args, Stream stream);
}

}  // namespace ffwd
