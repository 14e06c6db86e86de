// How well a model classifies labelled images.
#pragma once

#include <optional>

#include "engine/network/classifier.h"

namespace ffwd {

struct Evaluation {
  // Accuracies, in [0, 1].
  std::optional<double> goodness;
  std::optional<double> head;  // where there is one
  // All images taken for the one class that has the most goodness over them together. No way to
  // classify: sources that add goodness up over a batch do it, and their figures are measured so.
  std::optional<double> per_batch;
  // [true class][predicted class]: images, by the head where there is one, else by goodness.
  std::vector<std::vector<int64_t>> confusion;
};

// `pixels`: the images on the network's device, as many as there are labels.
Evaluation evaluate(Classifier& classifier, const uint8_t* pixels,
                    const std::vector<int32_t>& labels);

// The class with the largest score of each image; scores (images, classes).
std::vector<int32_t> argmax(const std::vector<float>& scores, int64_t classes);

// For every image the one class with the most goodness over all of them; goodness (images, classes).
std::vector<int32_t> one_for_all(const std::vector<float>& goodness, int64_t classes);

// The share of `predicted` that equals `labels`; 0 without any.
double accuracy(const std::vector<int32_t>& predicted, const std::vector<int32_t>& labels);

// [true class][predicted class]: images.
std::vector<std::vector<int64_t>> confusion(const std::vector<int32_t>& predicted,
                                            const std::vector<int32_t>& labels, int64_t classes);

}  // namespace ffwd
