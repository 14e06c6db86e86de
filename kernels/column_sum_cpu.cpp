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
  constexpr int64_t kColumns = 64;
  const int64_t rows = a.a.rows, cols = a.a.cols, chunk = column_sum_chunk(rows);
  const int64_t chunks = (rows + chunk - 1) / chunk, tiles = (cols + kColumns - 1) / kColumns;
  with_dtype(a.a.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t c = 0; c < chunks; ++c) {
      for (int64_t tile = 0; tile < tiles; ++tile) {
        const int64_t first = tile * kColumns, count = std::min(kColumns, cols - first);
        const int64_t end = std::min((c + 1) * chunk, rows);
        float part[kColumns] = {};
        for (int64_t i = c * chunk; i < end; ++i) {
          const T* row = a.a.row<T>(i) + first;
          const float weight = a.weight.data ? a.weight.data[i] : 1.0f;
#pragma omp simd
          for (int64_t j = 0; j < count; ++j) part[j] += weight * to_float(row[j]);
        }
        std::copy_n(part, count, a.scratch.data + c * cols + first);
      }
    }
  });
  // Chunks are added up in order, so the sums do not depend on the number of threads.
  for (int64_t j = 0; j < cols; ++j) {
    float sum = 0.0f;
    for (int64_t c = 0; c < chunks; ++c) sum += a.scratch.data[c * cols + j];
    a.sum.data[j] = a.factor * sum;
  }
}

}  // namespace cpu
}  // namespace ffwd
