#include "kernels/wrong_labels.h"

namespace ffwd {

void check(const WrongLabels& a) {
  FFWD_EXPECT(a.classes >= 2, "a wrong label needs two classes");
  FFWD_EXPECT(a.step.size == 1, "a draw belongs to one step");
  FFWD_EXPECT(a.sample.size == a.wrong.size && a.label.size == a.wrong.size,
              "sample and label need one entry for every wrong label");
  FFWD_EXPECT(
      a.logits.data == nullptr || (a.logits.dtype == DType::f32 && a.logits.cols == a.classes &&
                                   a.logits.rows == a.wrong.size),
      "logits are fp32, one row a sample, one column a class");
}

namespace cpu {

void wrong_labels(const WrongLabels& a, Stream) {
  check(a);
  for (int64_t i = 0; i < a.wrong.size; ++i) draw_wrong_label(a, i);
}

}  // namespace cpu
}  // namespace ffwd
