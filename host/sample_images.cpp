#include "host/sample_images.h"

#include <algorithm>

#include "host/png.h"
#include "kernels/overlay_labels.h"
#include "kernels/wrong_labels.h"

namespace ffwd {
namespace {

constexpr int64_t kImages = 8;

SampleImage sample(const Dataset& dataset, int64_t index, int32_t label, const std::string& kind) {
  const Images& images = dataset.train;
  const auto classes = int32_t(dataset.class_names.size());
  const auto size = images.height * images.width * images.channels;
  const auto first = images.pixels.begin() + index * size;
  std::vector<uint8_t> pixels(first, first + size);
  for (int32_t j = 0; j < classes * images.channels; ++j) {
    pixels[size_t(j)] =
        uint8_t(overlay_value(label, int32_t(j / images.channels), classes, 255.0f));
  }
  return {kind + ": " + dataset.class_names[size_t(label)],
          encode_png(pixels, images.height, images.width, images.channels)};
}

}  // namespace

std::vector<SampleImage> sample_images(const Recipe& recipe, const Dataset& dataset) {
  std::vector<SampleImage> samples;
  const auto classes = int32_t(dataset.class_names.size());
  for (int64_t i = 0; i < std::min(kImages, dataset.train.count); ++i) {
    const int32_t label = dataset.train.labels[size_t(i)];
    const RandomBits bits = random_bits(recipe.training.seed, RandomUse::negatives, uint64_t(i), 0);
    samples.push_back(sample(dataset, i, label, "positive"));
    samples.push_back(sample(
        dataset, i, uniform_wrong_label(label, classes, unit_interval(bits.word[0])), "negative"));
  }
  return samples;
}

}  // namespace ffwd
