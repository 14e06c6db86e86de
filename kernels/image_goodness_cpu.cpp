#include "kernels/image_goodness.h"

namespace ffwd {

void check(const ImageGoodness& a) {
  const int64_t rows = a.goodness.size, learning = a.positive_rows + a.negative_rows;
  FFWD_EXPECT(a.pixels > 0 && a.pixel_goodness.size == rows * a.pixels,
              "every image needs the goodness of its pixels");
  FFWD_EXPECT(a.positive_rows >= 0 && a.negative_rows >= 0 && learning <= rows,
              "positive and negative rows must be rows");
  FFWD_EXPECT((a.running.data == nullptr) == (a.slope.data == nullptr),
              "slope and running figures go together");
  FFWD_EXPECT(a.slope.data == nullptr || (a.running.size == learning && a.slope.size == learning),
              "every positive and negative row has a slope and running figures");
  FFWD_EXPECT(a.temperature > 0.0f, "the temperature must be above 0");
}

namespace cpu {

void image_goodness(const ImageGoodness& a, Stream) {
  check(a);
#pragma omp parallel for schedule(static)
  for (int64_t r = 0; r < a.goodness.size; ++r) {
    const float* g = a.pixel_goodness.data + r * a.pixels;
    float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
    for (int64_t p = 0; p < a.pixels; ++p) sum += g[p];
    finish_image(a, r, sum);
  }
}

}  // namespace cpu
}  // namespace ffwd
