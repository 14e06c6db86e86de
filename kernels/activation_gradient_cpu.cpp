#include "kernels/activation_gradient.h"

namespace ffwd {

void check(const ActivationGradient& a) {
  FFWD_EXPECT(same_shape(a.y, a.dz) && same_shape(a.dy, a.dz),
              "y, dy and dz must have the same shape and type");
}

namespace cpu {

void activation_gradient(const ActivationGradient& a, Stream) {
  check(a);
  with_dtype(a.dz.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a.dz.rows; ++i) {
      const T *y = a.y.row<T>(i), *dy = a.dy.row<T>(i);
      T* dz = a.dz.row<T>(i);
#pragma omp simd  // dz may be dy: each element is read before it is written
      for (int64_t j = 0; j < a.dz.cols; ++j) {
        store(dz[j], to_float(dy[j]) * activation_slope(a.activation, to_float(y[j])));
      }
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
