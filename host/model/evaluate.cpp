#include "host/model/evaluate.h"

#include <algorithm>

#include "host/model/require_finite.h"

namespace ffwd {

std::vector<int32_t> argmax(const std::vector<float>& scores, int64_t classes) {
  std::vector<int32_t> best;
  for (auto row = scores.begin(); row != scores.end(); row += classes) {
    best.push_back(int32_t(std::max_element(row, row + classes) - row));
  }
  return best;
}

std::vector<int32_t> one_for_all(const std::vector<float>& goodness, int64_t classes) {
  std::vector<double> sum(static_cast<size_t>(classes), 0.0);
  for (size_t i = 0; i < goodness.size(); ++i) sum[i % size_t(classes)] += double(goodness[i]);
  const auto best = std::max_element(sum.begin(), sum.end()) - sum.begin();
  return std::vector<int32_t>(goodness.size() / size_t(classes), int32_t(best));
}

double accuracy(const std::vector<int32_t>& predicted, const std::vector<int32_t>& labels) {
  int64_t right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i];
  return labels.empty() ? 0.0 : double(right) / double(labels.size());
}

std::vector<std::vector<int64_t>> confusion(const std::vector<int32_t>& predicted,
                                            const std::vector<int32_t>& labels, int64_t classes) {
  std::vector<std::vector<int64_t>> count(size_t(classes),
                                          std::vector<int64_t>(size_t(classes), 0));
  for (size_t i = 0; i < labels.size(); ++i) ++count[size_t(labels[i])][size_t(predicted[i])];
  return count;
}

Evaluation evaluate(Classifier& classifier, const uint8_t* pixels,
                    const std::vector<int32_t>& labels) {
  Evaluation result;
  const auto count = int64_t(labels.size());
  const int64_t classes = classifier.network().shape().input.classes;
  const std::vector<float> goodness = classifier.goodness(pixels, count);
  require_finite(goodness, classes);
  std::vector<int32_t> predicted = argmax(goodness, classes);
  result.goodness = accuracy(predicted, labels);
  result.per_batch = accuracy(one_for_all(goodness, classes), labels);
  if (classifier.network().head()) {
    const std::vector<float> logits = classifier.logits(pixels, count);
    require_finite(logits, classes);
    predicted = argmax(logits, classes);
    result.head = accuracy(predicted, labels);
  }
  result.confusion = confusion(predicted, labels, classes);
  return result;
}

}  // namespace ffwd
