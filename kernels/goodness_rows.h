// Everything a layer does with the output z of its matmul, in one read of z: bias, activation,
// goodness, loss, the gradient of the loss, and the normalised input of the next layer.
//
//     a[i,j]    = z[i,j] + bias[j]
//     y[i,j]    = f(a[i,j])                                         (kernels/activation.h)
//     G[i]      = scale * sum_j term(y[i,j])                        (kernels/goodness.h)
//     loss[i]   = softplus(-sign[i] (G[i] - threshold) / temperature)   (kernels/loss.h; nats)
//     dz[i,j]   = d mean(loss) / da[i,j] = loss'(G[i]) scale term'(y[i,j]) f'(a[i,j]) / (A + N)
//     next[i,:] = y[i,:] / length[i]                                (kernels/norm.h)
//     running[i] += the row's share of mean(loss) and mean(G)       (kernels/running_figures.h)
//
// The first A rows are positive (sign +1), the next N negative (sign -1); rows after them are
// neutral: they have a goodness and a next row, but no gradient and no running figures.
//
// A first layer may give its shared product in place of z (kernels/shared_product.h): the matrix z
// has the shape then, and is not read. With B images, A = N = B, it may also ask for the gradient of
// the product of images, so that the weight gradient needs a matmul over B rows alone:
//
//     folded[b,j] = row_scale[b] dz[b,j] + row_scale[B+b] dz[B+b,j]
//
// Source: Hinton 2022, arXiv:2212.13345, section 2. With his constants (sum of squares, threshold =
//         width, temperature 1, A = N = B) dz is the delta of his ffnew.m divided by -B.
//
// Shapes:   z, next: (R, M), dz: (A + N, M), all fp32 or all bf16; bias (M); goodness, length (R);
//           running (A + N); folded (B, M), of the type of z. dz and running are absent together
//           (inference); next, length and folded may be absent. R = 0 is allowed.
// Aliasing: dz may be the memory of z. Nothing else may overlap.
// Order:    sums of one row run in a fixed order, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/activation.h"
#include "kernels/goodness.h"
#include "kernels/learning_row.h"
#include "kernels/norm.h"
#include "kernels/shared_product.h"
#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct GoodnessRows {
  ConstMatrixView z;
  VectorView<const float> bias;
  Activation activation;
  Goodness goodness_kind;
  float threshold, temperature;
  Norm norm;
  int64_t positive_rows, negative_rows;
  MatrixView dz, next;
  VectorView<float> goodness, length;
  VectorView<RunningFigures> running;
  SharedProduct shared_product;
  MatrixView folded;
};

// Throws ffwd::Error if the shapes break the contract.
void check(const GoodnessRows& args);

namespace cpu {
void goodness_rows(const GoodnessRows& args, Stream stream);
}
namespace cuda {
void goodness_rows(const GoodnessRows& args, Stream stream);
}

}  // namespace ffwd
