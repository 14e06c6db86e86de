#include "kernels/spread_rows.h"

namespace ffwd {

void check(const SpreadRows& a) {
  FFWD_EXPECT(a.base.cols == a.z.cols && a.base.dtype == a.z.dtype,
              "base needs the columns and type of z");
  FFWD_EXPECT(a.z.rows == 0 || (a.base.rows > 0 && a.z.rows % a.base.rows == 0),
              "every row of base is shared equally often");
  FFWD_EXPECT(a.row_scale.size == a.z.rows, "row_scale needs one entry a row of z");
}

namespace cpu {

void spread_rows(const SpreadRows& a, Stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < a.z.rows; ++r) {
      const T* base = a.base.row<T>(r % a.base.rows);
      T* z = a.z.row<T>(r);
      const float scale = a.row_scale.data[r];
#pragma omp simd
      for (int64_t j = 0; j < a.z.cols; ++j)
        store(z[j], to_float(z[j]) + scale * to_float(base[j]));
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
