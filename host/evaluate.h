// How well a model classifies labelled images.
#pragma once

#include <optional>

#include "engine/classifier.h"

namespace ffwd {

struct Evaluation {
  double goodness = 0;         // accuracy by goodness, in [0, 1]
  std::optional<double> head;  // accuracy by the head, where there is one
  // [true class][predicted class]: images, by the head where there is one, else by goodness.
  std::vector<std::vector<int64_t>> confusion;
};

// `pixels`: the images on the network's device, as many as there are labels.
Evaluation evaluate(Classifier& classifier, const Network& network, const uint8_t* pixels,
                    const std::vector<int32_t>& labels);

}  // namespace ffwd
