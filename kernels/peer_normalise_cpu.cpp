#include "kernels/peer_normalise.h"

namespace ffwd {

void check(const PeerNormalise& a) {
  const int64_t width = a.dz.cols;
  FFWD_EXPECT(a.batch_mean.size == width && a.mean.size == width && a.push.size == width,
              "means and push need one entry a column of dz");
  FFWD_EXPECT((a.folded.data == nullptr) == (a.row_scale.data == nullptr),
              "folded and row_scale go together");
  FFWD_EXPECT(a.folded.data == nullptr || same_shape(a.folded, a.dz),
              "folded must have the shape and type of dz");
  FFWD_EXPECT(a.row_scale.data == nullptr || a.row_scale.size == a.dz.rows,
              "row_scale needs one entry a row of dz");
}

namespace cpu {

void peer_normalise(const PeerNormalise& a, Stream) {
  check(a);
  const int64_t width = a.dz.cols;
  if (a.dz.rows == 0 || width == 0) return;
  float total = 0.0f;
#pragma omp simd reduction(+ : total)
  for (int64_t j = 0; j < width; ++j) {
    a.mean.data[j] = a.momentum * a.mean.data[j] + (1.0f - a.momentum) * a.batch_mean.data[j];
    total += a.mean.data[j];
  }
  const float average = total / float(width), factor = a.strength / float(a.dz.rows);
  for (int64_t j = 0; j < width; ++j) a.push.data[j] = factor * (a.mean.data[j] - average);
  with_dtype(a.dz.dtype, [&](auto zero) {
    using T = decltype(zero);
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a.dz.rows; ++i) {
      const float* push = a.push.data;
      T* dz = a.dz.row<T>(i);
#pragma omp simd
      for (int64_t j = 0; j < width; ++j) store(dz[j], to_float(dz[j]) + push[j]);
      if (a.folded.data == nullptr) continue;
      T* folded = a.folded.row<T>(i);
      const float scale = a.row_scale.data[i];
#pragma omp simd
      for (int64_t j = 0; j < width; ++j) store(folded[j], to_float(folded[j]) + scale * push[j]);
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
