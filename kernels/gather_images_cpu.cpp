#include "kernels/gather_images.h"

namespace ffwd {

void check(const GatherImages& a) {
  const int64_t rows = a.base.rows;
  FFWD_EXPECT(a.sample.size == rows && a.squares.size == rows,
              "sample and squares need one entry a row");
  FFWD_EXPECT(a.standardise.channels >= 1 && a.standardise.channels <= kMaxChannels,
              "images have 1 to " + std::to_string(kMaxChannels) + " channels");
  FFWD_EXPECT(a.base.cols % a.standardise.channels == 0, "a row holds whole pixels");
  FFWD_EXPECT(a.blank_pixels >= 0 && a.blank_pixels <= a.base.cols / a.standardise.channels,
              "blank pixels must be pixels of the image");
}

namespace cpu {
namespace {

template <typename T>
void gather_row(const GatherImages& a, int64_t i) {
  const int64_t width = a.base.cols, channels = a.standardise.channels;
  const int64_t blank = a.blank_pixels * channels;
  const uint8_t* pixels = a.pixels + int64_t(a.sample.data[i]) * width;
  T* base = a.base.row<T>(i);

  for (int64_t j = 0; j < blank; ++j) store(base[j], 0.0f);
  float sum = 0.0f;
  if (channels == 1) {
    const float scale = a.standardise.scale[0], shift = a.standardise.shift[0];
#pragma omp simd reduction(+ : sum)
    for (int64_t j = blank; j < width; ++j) {
      const float x = float(pixels[j]) * scale + shift;
      sum += x * x;
      store(base[j], x);
    }
  } else {
    for (int64_t j = blank; j < width; ++j) {
      const int64_t c = j % channels;
      const float x = float(pixels[j]) * a.standardise.scale[c] + a.standardise.shift[c];
      sum += x * x;
      store(base[j], x);
    }
  }
  a.squares.data[i] = sum;
}

}  // namespace

void gather_images(const GatherImages& a, Stream) {
  check(a);
  with_dtype(a.base.dtype, [&](auto zero) {
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < a.base.rows; ++i) gather_row<decltype(zero)>(a, i);
  });
}

}  // namespace cpu
}  // namespace ffwd
