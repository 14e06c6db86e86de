#include "kernels/normalise_rows.h"

namespace ffwd {

void check(const NormaliseRows& a) {
  FFWD_EXPECT(same_shape(a.x, a.x_hat), "x_hat must have the shape and type of x");
}

namespace cpu {

void normalise_rows(const NormaliseRows& a, Stream) {
  check(a);
  with_dtype(a.x.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a.x.rows; ++i) {
      const T* x = a.x.row<T>(i);
      T* x_hat = a.x_hat.row<T>(i);
      float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < a.x.cols; ++j) sum += to_float(x[j]) * to_float(x[j]);
      const float scale = norm_scale(a.norm, sum, a.x.cols);
      for (int64_t j = 0; j < a.x.cols; ++j) store(x_hat[j], scale * to_float(x[j]));
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
