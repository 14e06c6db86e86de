// The images of a batch under their labels, as the first layer's input.
#pragma once

#include "engine/network/layer_input.h"
#include "engine/network/layer_shape.h"
#include "engine/network/parameters.h"
#include "engine/network/slots.h"

namespace ffwd {

// Where an image shows its label: in its first pixels, one for each class, or as a wave all over it,
// in a direction of each class. Only convolutions read waves.
enum class LabelPlace { pixels, waves };

// How the bytes of an image become numbers, and how a label is written into it.
struct InputFormat {
  ImageShape image;
  Standardise standardise;
  int32_t classes;
  float label_value;
  Norm norm;
  LabelPlace label_place = LabelPlace::pixels;
};

// How many batches in flight keep their memory apart, for each kind of it.
struct ImageSlots {
  int64_t images = 1, shared_product = 1, shown = 1;
};

// The wave of every class at every pixel, (classes, pixels): cos(2 pi d / 4), where d is the distance
// along a direction, which turns by half a circle over all classes.
std::vector<float> label_waves(int32_t classes, const ImageShape& image);

class ImageBatch {
 public:
  // Up to `max_images` images, each shown up to `shows` times, for a first layer of this shape.
  ImageBatch(Device& device, const InputFormat& format, int64_t max_images, int64_t shows,
             const LayerShape& first_layer, const ImageSlots& slots = {});

  // The methods below work on the batch in flight that `step` learns from, each on the device that
  // runs it.

  // Gathers image sample[i] of `pixels` (for the device) as image i.
  void gather(Device& lane, int64_t step, const uint8_t* pixels, VectorView<const int32_t> sample);

  // Whether there is a shared product (kernels/shared_product.h).
  bool shares_product() const { return !convolved_; }

  // Multiplies `images` gathered images, and what is written under each label, with a fully
  // connected first layer's weights as they are now.
  void shared_product(Device& lane, int64_t step, int64_t images, const Parameters& parameters);

  // Shows `images` gathered images under each label of `label`: row first + i shows image i mod
  // `images`. `first` and the number of labels are multiples of `images`.
  void show_labels(Device& lane, int64_t step, int64_t images, VectorView<const int32_t> label,
                   int64_t first);

  // What the first layer reads of rows first, first + 1, ..., which have been shown under `label`.
  LayerInput input(int64_t step, int64_t images, int64_t first,
                   VectorView<const int32_t> label) const;

 private:
  // Above the images of a fully connected layer stand the labels: the neutral one, then every class.
  struct Images {
    Matrix base;
    Vector<float> squares;
  };
  struct Shown {
    Matrix pixels;      // for a convolution
    Matrix label_part;  // for a fully connected layer
    Vector<float> row_scale;
  };

  int64_t label_rows() const { return convolved_ ? 0 : 1 + format_.classes; }
  MatrixView base(int64_t step, int64_t images) const {
    return images_[step].base.view().row_range(label_rows(), images);
  }
  // Where the labelled pixels of these rows are, for a convolution.
  MatrixView pixels(int64_t step, int64_t first, int64_t count) const;

  InputFormat format_;
  Vector<float> pattern_;  // empty: labels are in the first pixels
  bool convolved_;         // by the first layer
  Slots<Images> images_;
  Slots<Shown> shown_;
  Slots<Matrix> shared_product_;  // for a fully connected layer
  Matrix folded_;                 // the same
};

}  // namespace ffwd
