#include "kernels/overlay_labels.h"

namespace ffwd {

void check(const OverlayLabels& a) {
  const int64_t rows = a.label_part.rows;
  FFWD_EXPECT(a.label.size == rows && a.row_scale.size == rows,
              "label and row_scale need one entry a row");
  FFWD_EXPECT(rows == 0 || (a.squares.size > 0 && rows % a.squares.size == 0),
              "every image is shown equally often");
  FFWD_EXPECT(
      a.classes >= 1 && a.channels >= 1 && a.label_part.cols == int64_t(a.classes) * a.channels,
      "label_part needs a column for each class and channel");
}

namespace cpu {

void overlay_labels(const OverlayLabels& a, Stream) {
  check(a);
  with_dtype(a.label_part.dtype, [&](auto zero) {
    for (int64_t r = 0; r < a.label_part.rows; ++r) overlay_label<decltype(zero)>(a, r);
  });
}

}  // namespace cpu
}  // namespace ffwd
