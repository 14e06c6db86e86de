#include <algorithm>

#include "kernels/column_sum.h"

namespace ffwd {

void check(const ColumnSum& a) {
  FFWD_EXPECT(a.sum.size == a.a.cols, "sum needs one entry a column");
  FFWD_EXPECT(a.weight.data == nullptr || a.weight.size == a.a.rows,
              "weight needs one entry a row");
  FFWD_EXPECT(a.scratch.size >= column_sum_scratch(a.a.rows, a.a.cols), "scratch is too small");
}

namespace cpu {

void column_sum(const ColumnSum& a, Stream) {
  check(a);
  // A thread has whole columns: the order of a sum does not depend on the threads.
  constexpr int64_t kColumns = 64;
  const int64_t tiles = (a.a.cols + kColumns - 1) / kColumns;
  with_dtype(a.a.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for schedule(static)
    for (int64_t tile = 0; tile < tiles; ++tile) {
      const int64_t first = tile * kColumns, count = std::min(kColumns, a.a.cols - first);
      float sum[kColumns] = {};
      for (int64_t chunk = 0; chunk < a.a.rows; chunk += kColumnSumChunk) {
        const int64_t end = std::min(chunk + kColumnSumChunk, a.a.rows);
        float part[kColumns] = {};
        for (int64_t i = chunk; i < end; ++i) {
          const T* row = a.a.row<T>(i) + first;
          const float weight = a.weight.data ? a.weight.data[i] : 1.0f;
#pragma omp simd
          for (int64_t j = 0; j < count; ++j) part[j] += weight * to_float(row[j]);
        }
        for (int64_t j = 0; j < count; ++j) sum[j] += part[j];
      }
      for (int64_t j = 0; j < count; ++j) a.sum.data[first + j] = a.factor * sum[j];
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
