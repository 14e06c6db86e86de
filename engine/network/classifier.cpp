#include "engine/network/classifier.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/device/range.h"

namespace ffwd {
namespace {

// Rows (images x labels) and activities of one layer at a time: enough to fill a device, few enough
// to stay small.
constexpr int64_t kRowsAtATime = 4000, kRowsOnTheCpu = 1000, kActivitiesAtATime = int64_t(1) << 24;

int64_t images_at_a_time(const Network& network) {
  int64_t rows = network.device().queues() ? kRowsAtATime : kRowsOnTheCpu;
  for (const Layer& layer : network.layers()) {
    rows = std::min(rows, kActivitiesAtATime / (layer.shape().pixels() * layer.shape().units));
  }
  return std::max<int64_t>(1, rows / network.shape().input.classes);
}

}  // namespace

Classifier::Classifier(Network& network)
    : network_(&network),
      images_(images_at_a_time(network)),
      rows_(network.device(), network, images_, network.shape().input.classes),
      sample_(network.device(), images_),
      label_(network.device(), images_ * network.shape().input.classes) {}

void Classifier::forward(const uint8_t* pixels, int64_t first, int64_t count,
                         const std::vector<int32_t>& labels) {
  std::vector<int32_t> sample(static_cast<size_t>(images_)), label;
  std::iota(sample.begin(), sample.end(), int32_t(first));
  for (const int32_t k : labels) label.insert(label.end(), size_t(count), k);
  const auto rows = int64_t(label.size());
  sample_.upload(sample);
  label_.upload_first(label);
  network_->forward(rows_, pixels, sample_.view().slice(0, count), label_.view().slice(0, rows));
}

std::vector<float> Classifier::goodness(const uint8_t* pixels, int64_t count) {
  const Range range("classify.goodness");
  const int64_t classes = network_->shape().input.classes;
  const auto& layers = network_->layers();
  std::vector<int32_t> every_label(static_cast<size_t>(classes));
  std::iota(every_label.begin(), every_label.end(), 0);
  std::vector<float> scores(static_cast<size_t>(count * classes), 0.0f);

  for (int64_t done = 0; done < count; done += images_) {
    const int64_t batch = std::min(images_, count - done), rows = batch * classes;
    forward(pixels, done, batch, every_label);
    for (size_t l = network_->first_read_layer(); l < layers.size(); ++l) {
      const std::vector<float> of_layer = rows_.layers[l].goodness(rows);
      for (int64_t k = 0; k < classes; ++k) {
        for (int64_t i = 0; i < batch; ++i)
          scores[(done + i) * classes + k] += of_layer[k * batch + i];
      }
    }
  }
  return scores;
}

std::vector<float> Classifier::logits(const uint8_t* pixels, int64_t count) {
  const Range range("classify.head");
  FFWD_EXPECT(network_->head().has_value(), "the network has no head");
  const int64_t classes = network_->shape().input.classes;
  std::vector<float> all;
  for (int64_t done = 0; done < count; done += images_) {
    const int64_t batch = std::min(images_, count - done);
    forward(pixels, done, batch, {kNeutralLabel});
    network_->head()->forward(network_->device(), network_->head_input(rows_, 0, 0, batch),
                              rows_.logits.view(batch));
    const std::vector<float> part = rows_.logits.download(batch);
    all.insert(all.end(), part.begin(), part.end());
  }
  FFWD_EXPECT(int64_t(all.size()) == count * classes, "a logit for every image and class");
  return all;
}

std::vector<float> Classifier::probabilities(const uint8_t* pixels, int64_t count) {
  const int64_t classes = network_->shape().input.classes;
  std::vector<float> p = logits(pixels, count);
  for (auto row = p.begin(); row != p.end(); row += classes) {
    const float top = *std::max_element(row, row + classes);
    float total = 0.0f;
    for (auto value = row; value != row + classes; ++value) {
      *value = std::exp(*value - top);
      total += *value;
    }
    for (auto value = row; value != row + classes; ++value) *value /= total;
  }
  return p;
}

}  // namespace ffwd
