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

#include <cmath>

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

// Row i, whose dlogits are stored as T.
template <typename T>
FFWD_HD void softmax_loss_of_row(const SoftmaxLoss& a, int64_t i) {
  const int64_t classes = a.logits.cols;
  const float* row = a.logits.row<float>(i);
  const auto logit = [&](int64_t k) { return a.bias.data ? row[k] + a.bias.data[k] : row[k]; };
  T* dlogits = a.dlogits.row<T>(i);
  const int32_t label = a.label.data[i];
  float top = -INFINITY, total = 0.0f;
  for (int64_t k = 0; k < classes; ++k) top = logit(k) > top ? logit(k) : top;
  for (int64_t k = 0; k < classes; ++k) total += expf(logit(k) - top);
  a.running.data[i] += (logf(total) - (logit(label) - top)) / float(a.logits.rows);
  for (int64_t k = 0; k < classes; ++k) {
    const float p = expf(logit(k) - top) / total;
    store(dlogits[k], (p - (k == label ? 1.0f : 0.0f)) / float(a.logits.rows));
  }
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
