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
  const uint32_t draw = a.step.data->draw;
  for (int64_t i = 0; i < a.wrong.size; ++i) {
    const uint64_t sample = uint64_t(a.sample.data[i]);
    const float u = unit_interval(random_bits(a.seed, RandomUse::negatives, sample, draw).word[0]);
    const int32_t label = a.label.data[i];
    a.wrong.data[i] = a.logits.data
                          ? likely_wrong_label(a.logits.row<float>(i), label, a.classes, u)
                          : uniform_wrong_label(label, a.classes, u);
  }
}

}  // namespace cpu
}  // namespace ffwd
