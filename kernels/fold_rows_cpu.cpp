#include "kernels/fold_rows.h"

namespace ffwd {

void check(const FoldRows& a) {
  FFWD_EXPECT(a.folded.cols == a.dz.cols && a.folded.dtype == a.dz.dtype,
              "folded needs the columns and type of dz");
  FFWD_EXPECT(a.dz.rows == 0 || (a.folded.rows > 0 && a.dz.rows % a.folded.rows == 0),
              "every image is shown equally often");
  FFWD_EXPECT(a.row_scale.size == a.dz.rows, "row_scale needs one entry a row of dz");
}

namespace cpu {

void fold_rows(const FoldRows& a, Stream) {
  check(a);
  constexpr int64_t kColumns = 256;  // of a partial row that is summed up at a time
  with_dtype(a.dz.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a.folded.rows; ++i) {
      T* folded = a.folded.row<T>(i);
      for (int64_t first = 0; first < a.dz.cols; first += kColumns) {
        const int64_t count = a.dz.cols - first < kColumns ? a.dz.cols - first : kColumns;
        float sum[kColumns] = {};
        for (int64_t r = i; r < a.dz.rows; r += a.folded.rows) {
          const T* dz = a.dz.row<T>(r) + first;
          const float scale = a.row_scale.data[r];
#pragma omp simd
          for (int64_t j = 0; j < count; ++j) sum[j] += scale * to_float(dz[j]);
        }
        for (int64_t j = 0; j < count; ++j) store(folded[first + j], sum[j]);
      }
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
