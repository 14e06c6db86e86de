#include "host/report/sample_images.h"

#include <algorithm>
#include <cmath>

#include "host/data/png.h"
#include "host/recipe/recipe_network.h"
#include "kernels/overlay_labels.h"
#include "kernels/wrong_labels.h"

namespace ffwd {
namespace {

constexpr int64_t kImages = 8;

// Writes labels into images of bytes as it is done with the numbers that bytes become.
class LabelledBytes {
 public:
  LabelledBytes(const Recipe& recipe, const Dataset& dataset)
      : dataset_(dataset),
        place_(recipe.data.label_place),
        value_(recipe.data.label_value),
        standardise_(standardise(recipe, dataset.format)) {
    if (place_ == LabelPlace::waves) waves_ = label_waves(classes(), shape());
  }

  SampleImage sample(int64_t index, int32_t label, const std::string& kind) const {
    const int64_t size = shape().values();
    const auto first = dataset_.train.pixels.begin() + index * size;
    std::vector<uint8_t> pixels(first, first + size);
    for (int64_t j = 0; j < size; ++j) pixels[size_t(j)] = byte(pixels[size_t(j)], label, j);
    return {kind + ": " + dataset_.format.class_names[size_t(label)], encode_png(pixels, shape())};
  }

 private:
  int32_t classes() const { return int32_t(dataset_.format.class_names.size()); }
  ImageShape shape() const { return dataset_.train.shape; }

  uint8_t byte(uint8_t before, int32_t label, int64_t j) const {
    const int64_t pixel = j / shape().channels, channel = j % shape().channels;
    const float scale = standardise_.scale[channel], shift = standardise_.shift[channel];
    float x = float(before) * scale + shift;
    if (place_ == LabelPlace::waves) {
      x += value_ * waves_[size_t(label * shape().pixels() + pixel)];
    } else if (pixel < classes()) {
      x = overlay_value(label, int32_t(pixel), classes(), value_);
    }
    return uint8_t(std::lround(std::clamp((x - shift) / scale, 0.0f, 255.0f)));
  }

  const Dataset& dataset_;
  LabelPlace place_;
  float value_;
  Standardise standardise_;
  std::vector<float> waves_;
};

}  // namespace

std::vector<SampleImage> sample_images(const Recipe& recipe, const Dataset& dataset) {
  if (recipe.training.algorithm == Algorithm::backprop) return {};
  std::vector<SampleImage> samples;
  const LabelledBytes labelled(recipe, dataset);
  const auto classes = int32_t(dataset.format.class_names.size());
  for (int64_t i = 0; i < std::min(kImages, dataset.train.count); ++i) {
    const int32_t label = dataset.train.labels[size_t(i)];
    const RandomBits bits = random_bits(recipe.training.seed, RandomUse::negatives, uint64_t(i), 0);
    const int32_t wrong = uniform_wrong_label(label, classes, unit_interval(bits.word[0]));
    samples.push_back(labelled.sample(i, label, "positive"));
    samples.push_back(labelled.sample(i, wrong, "negative"));
  }
  return samples;
}

}  // namespace ffwd
