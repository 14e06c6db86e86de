#include "engine/image_batch.h"

#include "engine/range.h"

namespace ffwd {

ImageBatch::ImageBatch(Device& device, const InputFormat& format, int64_t max_images, int64_t shows,
                       int64_t units)
    : device_(&device),
      format_(format),
      base_(device, max_images, format.pixels, device.activation_type()),
      product_(device, max_images, units, device.activation_type()),
      folded_(device, max_images, units, device.activation_type()),
      label_part_(device, max_images * shows, int64_t(format.classes) * format.standardise.channels,
                  device.activation_type()),
      squares_(device, max_images),
      row_scale_(device, max_images * shows) {}

void ImageBatch::load(const uint8_t* pixels, VectorView<const int32_t> sample,
                      const Parameter& weight) {
  const Range range("gather");
  images_ = sample.size;
  const MatrixView base = base_.view(images_);
  device_->gather_images({pixels, sample, format_.standardise, format_.classes, base,
                          squares_.view().slice(0, images_)});
  device_->matmul({base, false, weight.operand(), true, product_.view(images_)});
}

void ImageBatch::show(VectorView<const int32_t> label, int64_t first) {
  const int64_t rows = label.size;
  FFWD_EXPECT(first % images_ == 0, "rows are shown image by image");
  device_->overlay_labels({label, squares_.view().slice(0, images_), format_.classes,
                           format_.standardise.channels, format_.label_value, format_.norm,
                           format_.pixels, label_part_.view().row_range(first, rows),
                           row_scale_.view().slice(first, rows)});
}

LabelledImages ImageBatch::rows(int64_t first, int64_t count) const {
  FFWD_EXPECT(first % images_ == 0, "rows are shown image by image");
  return {base_.view(images_), product_.view(images_), label_part_.view().row_range(first, count),
          row_scale_.view().slice(first, count), folded_.view(images_)};
}

}  // namespace ffwd
