#include "engine/image_batch.h"

#include "engine/range.h"

namespace ffwd {

ImageBatch::ImageBatch(Device& device, const InputFormat& format, int64_t max_images, int64_t shows,
                       const LayerShape& first_layer)
    : device_(&device),
      format_(format),
      convolved_(first_layer.convolution.has_value()),
      base_(device, max_images, format.bytes(), device.activation_type()),
      squares_(device, max_images) {
  const int64_t rows = max_images * shows;
  const DType dtype = device.activation_type();
  if (convolved_) {
    pixels_ = Matrix(device, rows * format.image.pixels(), format.image.channels, dtype);
    return;
  }
  product_ = Matrix(device, max_images, first_layer.units, dtype);
  folded_ = Matrix(device, max_images, first_layer.units, dtype);
  label_part_ = Matrix(device, rows, int64_t(format.classes) * format.image.channels, dtype);
  row_scale_ = Vector<float>(device, rows);
}

void ImageBatch::load(const uint8_t* pixels, VectorView<const int32_t> sample) {
  const Range range("gather");
  images_ = sample.size;
  device_->gather_images({pixels, sample, format_.standardise, format_.classes, base_.view(images_),
                          squares_.view().slice(0, images_)});
}

void ImageBatch::multiply(const Parameter& weight) {
  if (convolved_) return;
  device_->matmul({base_.view(images_), false, weight.operand(), true, product_.view(images_)});
}

void ImageBatch::show(VectorView<const int32_t> label, int64_t first) {
  const int64_t rows = label.size;
  FFWD_EXPECT(first % images_ == 0, "rows are shown image by image");
  if (convolved_) {
    device_->overlay_pixels({base_.view(images_), label, format_.classes,
                             format_.standardise.channels, format_.label_value, format_.norm,
                             pixels(first, rows)});
    return;
  }
  device_->overlay_labels({label, squares_.view().slice(0, images_), format_.classes,
                           format_.standardise.channels, format_.label_value, format_.norm,
                           format_.bytes(), label_part_.view().row_range(first, rows),
                           row_scale_.view().slice(first, rows)});
}

LayerInput ImageBatch::rows(int64_t first, int64_t count) const {
  FFWD_EXPECT(first % images_ == 0, "rows are shown image by image");
  if (convolved_) return ConstMatrixView(pixels(first, count));
  return LabelledImages{base_.view(images_), product_.view(images_),
                        label_part_.view().row_range(first, count),
                        row_scale_.view().slice(first, count), folded_.view(images_)};
}

MatrixView ImageBatch::pixels(int64_t first, int64_t count) const {
  const int64_t pixels = format_.image.pixels();
  return pixels_.view().row_range(first * pixels, count * pixels);
}

}  // namespace ffwd
