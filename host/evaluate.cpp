#include "host/evaluate.h"

namespace ffwd {
namespace {

double accuracy(const std::vector<int32_t>& predicted, const std::vector<int32_t>& labels) {
  int64_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i];
  return labels.empty() ? 0.0 : double(right) / double(labels.size());
}

}  // namespace

Evaluation evaluate(Classifier& classifier, const Network& network, const uint8_t* pixels,
                    const std::vector<int32_t>& labels) {
  Evaluation result;
  const auto count = int64_t(labels.size());
  std::vector<int32_t> predicted = classifier.by_goodness(pixels, 0, count);
  result.goodness = accuracy(predicted, labels);
  if (network.head()) {
    predicted = classifier.by_head(pixels, 0, count);
    result.head = accuracy(predicted, labels);
  }
  const auto classes = size_t(network.shape().input.classes);
  result.confusion.assign(classes, std::vector<int64_t>(classes, 0));
  for (size_t i = 0; i < labels.size(); ++i)
    ++result.confusion[size_t(labels[i])][size_t(predicted[i])];
  return result;
}

}  // namespace ffwd
