#include <cmath>

#include "kernels/softmax_loss.h"

namespace ffwd {

void check(const SoftmaxLoss& a) {
  FFWD_EXPECT(a.logits.dtype == DType::f32, "logits are fp32");
  FFWD_EXPECT(a.dlogits.rows == a.logits.rows && a.dlogits.cols == a.logits.cols,
              "dlogits must have the shape of logits");
  FFWD_EXPECT(a.label.size == a.logits.rows && a.running.size == a.logits.rows,
              "label and running loss need one entry a row");
  FFWD_EXPECT(a.bias.data == nullptr || a.bias.size == a.logits.cols,
              "bias needs one entry a class");
}

namespace cpu {

void softmax_loss(const SoftmaxLoss& a, Stream) {
  check(a);
  const int64_t classes = a.logits.cols;
  with_dtype(a.dlogits.dtype, [&](auto zero) {
    using T = decltype(zero);
    for (int64_t i = 0; i < a.logits.rows; ++i) {
      const float* row = a.logits.row<float>(i);
      const auto logit = [&](int64_t k) { return biased_logit(a, row, k); };
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
  });
}

}  // namespace cpu
}  // namespace ffwd
