#include "kernels/batch_means.h"

namespace ffwd {

void check(const BatchMeans& a) {
  const int64_t rows = a.positive_rows + a.negative_rows;
  FFWD_EXPECT(a.positive_rows >= 0 && a.negative_rows >= 0, "numbers of rows are not negative");
  FFWD_EXPECT(a.loss.size == rows, "loss needs one entry for every positive and negative row");
  FFWD_EXPECT(a.goodness.data == nullptr || a.goodness.size >= rows,
              "goodness needs one entry for every positive and negative row");
  FFWD_EXPECT(a.total.size == 3, "total has three entries");
}

namespace cpu {
namespace {

float mean(const float* value, int64_t count) {
  float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
  for (int64_t i = 0; i < count; ++i) sum += value[i];
  return count > 0 ? sum / float(count) : 0.0f;
}

}  // namespace

void batch_means(const BatchMeans& a, Stream) {
  check(a);
  a.total.data[0] += mean(a.loss.data, a.loss.size);
  if (a.goodness.data == nullptr) return;
  a.total.data[1] += mean(a.goodness.data, a.positive_rows);
  a.total.data[2] += mean(a.goodness.data + a.positive_rows, a.negative_rows);
}

}  // namespace cpu
}  // namespace ffwd
