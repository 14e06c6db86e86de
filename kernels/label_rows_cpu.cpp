#include "kernels/label_rows.h"

namespace ffwd {

void check(const LabelRows& a) {
  FFWD_EXPECT(a.z.rows == a.classes * a.base.rows && a.z.cols == a.base.cols,
              "z needs the rows of base once for each class");
  FFWD_EXPECT(a.weight.rows == a.base.cols && a.weight.cols >= a.classes * a.channels,
              "weight needs a row a unit and a column a class and channel");
  FFWD_EXPECT(a.z.dtype == a.base.dtype && a.z.dtype == a.weight.dtype, "one element type for all");
  FFWD_EXPECT(a.row_scale.size == a.base.rows, "row_scale needs one entry a row of base");
}

namespace cpu {

void label_rows(const LabelRows& a, Stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < a.z.rows; ++r) {
      const int64_t k = r / a.base.rows, i = r % a.base.rows;
      const T* base = a.base.row<T>(i);
      T* z = a.z.row<T>(r);
      const float strength = a.label_value * a.row_scale.data[i];
      for (int64_t j = 0; j < a.z.cols; ++j) {
        const T* weight = a.weight.row<T>(j) + k * a.channels;
        float sum = 0.0f;
        for (int32_t c = 0; c < a.channels; ++c) sum += to_float(weight[c]);
        store(z[j], to_float(base[j]) + strength * sum);
      }
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
