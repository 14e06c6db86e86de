#include "kernels/accumulate.h"

namespace ffwd {

void check(const Accumulate& a) {
  FFWD_EXPECT(a.term.rows == a.sum.rows && a.term.cols == a.sum.cols, "both have the same shape");
  FFWD_EXPECT(a.sum.dtype == DType::f32, "the sum is fp32");
}

namespace cpu {

void accumulate(const Accumulate& a, Stream) {
  check(a);
  with_dtype(a.term.dtype, [&](auto zero) {
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a.sum.rows; ++i) {
      const auto* term = a.term.row<decltype(zero)>(i);
      auto* sum = a.sum.row<float>(i);
      for (int64_t j = 0; j < a.sum.cols; ++j) {
        sum[j] = a.add ? sum[j] + to_float(term[j]) : to_float(term[j]);
      }
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
