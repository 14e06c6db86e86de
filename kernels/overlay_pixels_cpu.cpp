#include "kernels/overlay_pixels.h"

#include "kernels/gather_images.h"

namespace ffwd {

void check(const OverlayPixels& a) {
  FFWD_EXPECT(a.channels >= 1 && a.channels <= kMaxChannels && a.x_hat.cols == a.channels,
              "a row of x_hat is a pixel of 1 to " + std::to_string(kMaxChannels) + " channels");
  FFWD_EXPECT(a.base.cols % a.channels == 0, "an image holds whole pixels");
  FFWD_EXPECT(a.classes >= 1 && a.classes <= a.pixels(), "a label needs one pixel for each class");
  FFWD_EXPECT(a.label.size == 0 || (a.base.rows > 0 && a.label.size % a.base.rows == 0),
              "every image is shown equally often");
  FFWD_EXPECT(a.x_hat.rows == a.label.size * a.pixels(), "x_hat needs a row for every pixel");
  FFWD_EXPECT(a.pattern.size == 0 || a.pattern.size == a.classes * a.pixels(),
              "a pattern has every pixel of every class");
  FFWD_EXPECT(a.x_hat.dtype == a.base.dtype, "images and pixels share an element type");
}

namespace cpu {

void overlay_pixels(const OverlayPixels& a, Stream) {
  check(a);
  with_dtype(a.base.dtype, [&](auto zero) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < a.label.size; ++r) {
      for (int64_t p = 0; p < a.pixels(); ++p) overlay_pixel<decltype(zero)>(a, r, p);
    }
  });
}

}  // namespace cpu
}  // namespace ffwd
