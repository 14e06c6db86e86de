#include "kernels/goodness_gradient.h"

namespace ffwd {

void check(const GoodnessGradient& a) {
  FFWD_EXPECT(same_shape(a.z, a.dz), "dz must have the shape and type of z");
  FFWD_EXPECT(a.bias.size == a.z.cols, "bias needs one entry a column");
  FFWD_EXPECT(a.pixels > 0 && a.slope.size * a.pixels == a.z.rows,
              "slope needs one entry for the pixels of every image");
}

namespace cpu {
namespace {

template <typename T, typename Kind, typename Function>
void gradient_row(const GoodnessGradient& a, Kind kind, Function f, int64_t i) {
  const T* z = a.z.row<T>(i);
  T* dz = a.dz.row<T>(i);
  const float* bias = a.bias.data;
  const float factor = a.slope.data[i / a.pixels] * goodness_scale(kind, a.z.cols);
#pragma omp simd  // dz may be z: each element is read before it is written
  for (int64_t j = 0; j < a.z.cols; ++j) {
    const float y = activation_value(f, to_float(z[j]) + bias[j]);
    store(dz[j], factor * goodness_slope(kind, y) * activation_slope(f, y));
  }
}

template <typename T, typename Kind, typename Function>
void all_rows(const GoodnessGradient& a, Kind kind, Function f) {
#pragma omp parallel for schedule(static)
  for (int64_t i = 0; i < a.z.rows; ++i) gradient_row<T>(a, kind, f, i);
}

}  // namespace

void goodness_gradient(const GoodnessGradient& a, Stream) {
  check(a);
  with_dtype(a.z.dtype, [&](auto zero) {
    with_constant(a.goodness_kind, [&](auto kind) {
      with_constant(a.activation, [&](auto f) { all_rows<decltype(zero)>(a, kind, f); });
    });
  });
}

}  // namespace cpu
}  // namespace ffwd
