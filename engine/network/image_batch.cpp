#include "engine/network/image_batch.h"

#include <cmath>

namespace ffwd {
namespace {

// What each label writes into the first pixels, the neutral label in the first row.
void write_labels(Device& device, const InputFormat& format, MatrixView rows) {
  FFWD_EXPECT(format.classes <= format.image.pixels(), "a label needs one pixel for each class");
  with_dtype(rows.dtype, [&](auto zero) {
    std::vector<decltype(zero)> written(size_t(rows.rows * rows.stride));
    for (int32_t label = kNeutralLabel; label < format.classes; ++label) {
      for (int64_t j = 0; j < int64_t(format.classes) * format.image.channels; ++j) {
        store(written[size_t((1 + label) * rows.stride + j)],
              overlay_value(label, int32_t(j / format.image.channels), format.classes,
                            format.label_value));
      }
    }
    device.upload(rows.data, written.data(), int64_t(written.size()) * size_of(rows.dtype));
  });
}

}  // namespace

std::vector<float> label_waves(int32_t classes, const ImageShape& image) {
  constexpr double kPi = 3.14159265358979323846, kLength = 4;  // pixels: a kernel sees a whole wave
  std::vector<float> waves;
  for (int32_t k = 0; k < classes; ++k) {
    const double angle = kPi * k / classes;
    for (int64_t p = 0; p < image.pixels(); ++p) {
      const double x = double(p % image.width), y = double(p / image.width);
      const double distance = x * std::cos(angle) + y * std::sin(angle);
      waves.push_back(float(std::cos(2 * kPi * distance / kLength)));
    }
  }
  return waves;
}

ImageBatch::ImageBatch(Device& device, const InputFormat& format, int64_t max_images, int64_t shows,
                       const LayerShape& first_layer, const ImageSlots& slots)
    : format_(format),
      convolved_(first_layer.convolution.has_value()),
      images_(slots.images,
              [&] {
                Images images{Matrix(device, label_rows() + max_images, format.image.values(),
                                     device.activation_type()),
                              Vector<float>(device, max_images)};
                if (!convolved_) write_labels(device, format, images.base.view(label_rows()));
                return images;
              }),
      shown_(
          slots.shown,
          [&] {
            const int64_t rows = max_images * shows, channels = format.image.channels;
            const DType dtype = device.activation_type();
            if (convolved_) {
              return Shown{Matrix(device, rows * format.image.pixels(), channels, dtype), {}, {}};
            }
            return Shown{{},
                         Matrix(device, rows, int64_t(format.classes) * channels, dtype),
                         Vector<float>(device, rows)};
          }),
      shared_product_(slots.shared_product, [&] {
        if (convolved_) return Matrix();
        return Matrix(device, label_rows() + max_images, first_layer.units,
                      device.activation_type());
      }) {
  if (format.label_place == LabelPlace::waves) {
    FFWD_EXPECT(convolved_, "only a convolution reads labels that are waves");
    pattern_ = Vector<float>(device, label_waves(format.classes, format.image));
  }
  if (convolved_) return;
  folded_ = Matrix(device, max_images, first_layer.units, device.activation_type());
}

void ImageBatch::gather(Device& lane, int64_t step, const uint8_t* pixels,
                        VectorView<const int32_t> sample) {
  const Images& images = images_[step];
  const int32_t blank = format_.label_place == LabelPlace::pixels ? format_.classes : 0;
  lane.gather_images({pixels, sample, format_.standardise, blank, base(step, sample.size),
                      images.squares.view().slice(0, sample.size)});
}

void ImageBatch::shared_product(Device& lane, int64_t step, int64_t images,
                                const Parameters& parameters) {
  FFWD_EXPECT(shares_product(), "a convolution reads images with their labels");
  const int64_t rows = label_rows() + images;
  lane.matmul(forward_product(images_[step].base.view(rows), parameters.operand(),
                              shared_product_[step].view(rows)));
}

void ImageBatch::show_labels(Device& lane, int64_t step, int64_t images,
                             VectorView<const int32_t> label, int64_t first) {
  const int64_t rows = label.size;
  FFWD_EXPECT(first % images == 0, "rows are shown image by image");
  const Images& loaded = images_[step];
  const Shown& shown = shown_[step];
  if (convolved_) {
    lane.overlay_pixels({base(step, images), label, format_.classes,
                         int32_t(format_.image.channels), format_.label_value, format_.norm,
                         pixels(step, first, rows), pattern_.view()});
    return;
  }
  lane.overlay_labels({label, loaded.squares.view().slice(0, images), format_.classes,
                       int32_t(format_.image.channels), format_.label_value, format_.norm,
                       format_.image.values(), shown.label_part.view().row_range(first, rows),
                       shown.row_scale.view().slice(first, rows)});
}

LayerInput ImageBatch::input(int64_t step, int64_t images, int64_t first,
                             VectorView<const int32_t> label) const {
  const int64_t count = label.size;
  FFWD_EXPECT(first % images == 0, "rows are shown image by image");
  if (convolved_) return ConstMatrixView(pixels(step, first, count));
  const Shown& shown = shown_[step];
  const MatrixView product = shared_product_[step].view();
  return LabelledImages{
      base(step, images),
      {product.row_range(label_rows(), images), product.row_range(0, label_rows()), label,
       shown.row_scale.view().slice(first, count)},
      shown.label_part.view().row_range(first, count),
      folded_.view(images)};
}

MatrixView ImageBatch::pixels(int64_t step, int64_t first, int64_t count) const {
  const int64_t pixels = format_.image.pixels();
  return shown_[step].pixels.view().row_range(first * pixels, count * pixels);
}

}  // namespace ffwd
