// The images of a batch under their labels, as the first layer's input.
#pragma once

#include "engine/layer_input.h"

namespace ffwd {

// How the bytes of an image become numbers, and how a label is written into it.
struct InputFormat {
  int64_t pixels;  // bytes an image: height x width x channels
  Standardise standardise;
  int32_t classes;
  float label_value;
  Norm norm;
};

class ImageBatch {
 public:
  // Up to `max_images` images, each shown up to `shows` times, for a first layer of `units` units.
  ImageBatch(Device& device, const InputFormat& format, int64_t max_images, int64_t shows,
             int64_t units);

  // Gathers image sample[i] of `pixels` (device memory) as image i, and multiplies them with the
  // first layer's weights as they are now.
  void load(const uint8_t* pixels, VectorView<const int32_t> sample, const Parameter& weight);

  // Shows the loaded images again under each label of `label`: row first + i shows image i mod B.
  // `first` and the number of labels are multiples of the number of images.
  void show(VectorView<const int32_t> label, int64_t first);

  // Rows [first, first + count), which have been shown.
  LabelledImages rows(int64_t first, int64_t count) const;

 private:
  Device* device_;
  InputFormat format_;
  int64_t images_ = 0;
  Matrix base_, product_, folded_, label_part_;
  Vector<float> squares_, row_scale_;
};

}  // namespace ffwd
