// The images of a batch under their labels, as the first layer's input.
#pragma once

#include "engine/layer_input.h"

namespace ffwd {

// How the bytes of an image become numbers, and how a label is written into it.
struct InputFormat {
  ImageShape image;
  Standardise standardise;
  int32_t classes;
  float label_value;
  Norm norm;

  int64_t bytes() const { return image.pixels() * image.channels; }
};

class ImageBatch {
 public:
  // Up to `max_images` images, each shown up to `shows` times, for a first layer of this shape.
  ImageBatch(Device& device, const InputFormat& format, int64_t max_images, int64_t shows,
             const LayerShape& first_layer);

  // Gathers image sample[i] of `pixels` (device memory) as image i.
  void load(const uint8_t* pixels, VectorView<const int32_t> sample);

  // Multiplies the loaded images with a fully connected first layer's weights as they are now.
  void multiply(const Parameter& weight);

  // Shows the loaded images again under each label of `label`: row first + i shows image i mod B.
  // `first` and the number of labels are multiples of the number of images.
  void show(VectorView<const int32_t> label, int64_t first);

  // Rows [first, first + count), which have been shown.
  LayerInput rows(int64_t first, int64_t count) const;

 private:
  // Where the labelled pixels of these rows are, for a convolution.
  MatrixView pixels(int64_t first, int64_t count) const;

  Device* device_;
  InputFormat format_;
  bool convolved_;  // by the first layer
  int64_t images_ = 0;
  Matrix base_;
  Vector<float> squares_;
  Matrix pixels_;                         // for a convolution
  Matrix product_, folded_, label_part_;  // for a fully connected layer
  Vector<float> row_scale_;
};

}  // namespace ffwd
