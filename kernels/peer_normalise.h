// Peer normalisation: pulls the mean activity of every unit towards the mean of its layer, so that
// no unit stays silent for ever and none is always on.
//
//     mean[j]  <- momentum * mean[j] + (1 - momentum) * batch_mean[j]
//     push[j]   = strength * (mean[j] - average_k mean[k]) / A
//     dz[i,j]  += push[j]               for the A positive rows i, whatever the activation's slope
//     folded[i,j] += row_scale[i] push[j]   where dz has been folded (kernels/goodness_rows.h)
//
// Source: Hinton 2022, arXiv:2212.13345, section 3.1, and his ffnew.m (momentum 0.9, strength 0.03,
//         means start at 0.5). It descends, where ffnew.m ascends.
//
// Shapes:   batch_mean, mean, push (M), fp32; push is scratch; dz (A, M), the positive rows, fp32
//           or bf16; folded like dz, row_scale (A), or absent together. A = 0 is allowed and changes
//           nothing: there was no batch to take a mean of.
// Aliasing: none.
// Order:    the average runs in a fixed order, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct PeerNormalise {
  VectorView<const float> batch_mean;
  float momentum, strength;
  VectorView<float> mean, push;
  MatrixView dz, folded;
  VectorView<const float> row_scale;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const PeerNormalise& args);

namespace cpu {
void peer_normalise(const PeerNormalise& args, Stream stream);
}
namespace cuda {
void peer_normalise(const PeerNormalise& args, Stream stream);
}

}  // namespace ffwd
