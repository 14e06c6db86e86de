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
  with_dtype(a.dlogits.dtype, [&](auto zero) {
    for (int64_t i = 0; i < a.logits.rows; ++i) softmax_loss_of_row<decltype(zero)>(a, i);
  });
}

}  // namespace cpu
}  // namespace ffwd
