#include "engine/device/matmul.h"

namespace ffwd {

void check(const Matmul& a) {
  const int64_t a_rows = a.transpose_a ? a.a.cols : a.a.rows;
  const int64_t b_rows = a.transpose_b ? a.b.cols : a.b.rows;
  const int64_t b_cols = a.transpose_b ? a.b.rows : a.b.cols;
  FFWD_EXPECT(a_rows == a.m() && b_cols == a.n() && b_rows == a.k(),
              "shapes must fit: (M,K) (K,N) -> (M,N)");
  FFWD_EXPECT(a.k() > 0, "the inner dimension must be above 0");
  FFWD_EXPECT(a.a.dtype == a.b.dtype, "operands share an element type");
  FFWD_EXPECT(a.c.dtype == a.a.dtype || a.c.dtype == DType::f32,
              "the result is fp32 or of the operands' type");
  if (a.sums.data == nullptr) return;
  FFWD_EXPECT(a.transpose_a && a.beta == 0.0f && a.c.dtype == DType::f32,
              "sums come with an fp32 product of a^T that nothing is added to");
  check(sums_of(a));
}

}  // namespace ffwd
