// Softmax cross-entropy of the head, and its gradient.
//
//     p[i,:]       = softmax(logits[i,:] + bias)
//     loss[i]      = -log p[i, label[i]]                                  (nats)
//     running[i]  += loss[i] / B         so all rows give the sum over steps of the mean loss
//     dlogits[i,k] = d mean(loss) / d logits[i,k] = (p[i,k] - [k == label[i]]) / B
//
// Shapes:   logits (B, K), fp32; bias (K), or absent: zeros; label (B), in [0, K), not checked on
//           the device; running (B); dlogits (B, K), fp32 or bf16. B = 0 is allowed.
// Aliasing: dlogits may be the memory of logits if it is fp32.
// Order:    sums of one row run in a fixed order, so a result repeats bit for bit.
// Stream:   work is queued on `stream`; the call does not wait.
#pragma once

#include "kernels/stream.h"
#include "kernels/view.h"

namespace ffwd {

struct SoftmaxLoss {
  ConstMatrixView logits;
  VectorView<const int32_t> label;
  MatrixView dlogits;
  VectorView<float> running;
  VectorView<const float> bias;
};

// A logit with its bias.
FFWD_HD float biased_logit(const SoftmaxLoss& a, const float* logits, int64_t k) {
  return a.bias.data ? logits[k] + a.bias.data[k] : logits[k];
}

// Throws ffwd::Error if the shapes break the contract.
void check(const SoftmaxLoss& args);

namespace cpu {
void softmax_loss(const SoftmaxLoss& args, Stream stream);
}
namespace cuda {
void softmax_loss(const SoftmaxLoss& args, Stream stream);
}

}  // namespace ffwd
