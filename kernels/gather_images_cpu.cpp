#include "kernels/gather_images.h"

namespace ffwd {

void check(const GatherImages& a) {
  const int64_t rows = a.x_hat.rows;
  FFWD_EXPECT(a.sample.size == rows && a.label.size == rows, "sample and label need one entry a row");
  FFWD_EXPECT(a.row_scale.data == nullptr || a.row_scale.size == rows, "row_scale needs one entry a row");
  FFWD_EXPECT(a.standardise.channels >= 1 && a.standardise.channels <= kMaxChannels,
              "images have 1 to 4 channels");
  FFWD_EXPECT(a.x_hat.cols % a.standardise.channels == 0, "a row holds whole pixels");
  FFWD_EXPECT(a.classes >= 1 && a.classes <= a.x_hat.cols / a.standardise.channels,
              "a label needs one pixel for each class");
}

namespace cpu {
namespace {

template <typename T>
void gather_row(const GatherImages& a, int64_t r) {
  const int64_t width = a.x_hat.cols;
  const int32_t channels = a.standardise.channels, label = a.label.data[r];
  const uint8_t* pixels = a.pixels + int64_t(a.sample.data[r]) * width;
  const int64_t overlaid = int64_t(a.classes) * channels;
  T* x_hat = a.x_hat.row<T>(r);

  const auto pixel = [&](int64_t j, int64_t channel) {
    return float(pixels[j]) * a.standardise.scale[channel] + a.standardise.shift[channel];
  };

  float sum = 0.0f;
  for (int64_t j = 0; j < overlaid; ++j) {
    const float x = overlay_value(label, int32_t(j / channels), a.classes, a.label_value);
    sum += x * x;
  }
  if (label == kBlankLabel) sum += float(channels) * a.label_value * a.label_value;
  if (channels == 1) {
#pragma omp simd reduction(+ : sum)
    for (int64_t j = overlaid; j < width; ++j) {
      const float x = pixel(j, 0);
      sum += x * x;
    }
  } else {
    for (int64_t j = overlaid; j < width; ++j) {
      const float x = pixel(j, j % channels);
      sum += x * x;
    }
  }

  const float scale = norm_scale(a.norm, sum, width);
  if (a.row_scale.data) a.row_scale.data[r] = scale;
  for (int64_t j = 0; j < overlaid; ++j) {
    store(x_hat[j], scale * overlay_value(label, int32_t(j / channels), a.classes, a.label_value));
  }
  if (channels == 1) {
    for (int64_t j = overlaid; j < width; ++j) store(x_hat[j], scale * pixel(j, 0));
  } else {
    for (int64_t j = overlaid; j < width; ++j) store(x_hat[j], scale * pixel(j, j % channels));
  }
}

}  // namespace

void gather_images(const GatherImages& a, Stream) {
  check(a);
  with_dtype(a.x_hat.dtype, [&](auto zero) {
#pragma omp parallel for schedule(static)
    for (int64_t r = 0; r < a.x_hat.rows; ++r) gather_row<decltype(zero)>(a, r);
  });
}

}  // namespace cpu
}  // namespace ffwd
