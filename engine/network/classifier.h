// Classification: by goodness (the label under which the layers are most active) and by the head.
#pragma once

#include "engine/network/network.h"

namespace ffwd {

class Classifier {
 public:
  // The network must outlive it.
  explicit Classifier(Network& network);

  const Network& network() const { return *network_; }

  // Scores of the first `count` images of `pixels` (for the device), row-major (count, classes).

  // Goodness under each label, summed over the layers that are read. A fully connected first layer's
  // matmul is shared by all labels.
  std::vector<float> goodness(const uint8_t* pixels, int64_t count);
  // Logits of the head, which sees each image once under the neutral label, and their softmax.
  std::vector<float> logits(const uint8_t* pixels, int64_t count);
  std::vector<float> probabilities(const uint8_t* pixels, int64_t count);

 private:
  // Forward through all layers of images [first, first + count) under every label of `labels`: the
  // i-th of them under the k-th is row k * count + i.
  void forward(const uint8_t* pixels, int64_t first, int64_t count,
               const std::vector<int32_t>& labels);

  Network* network_;
  int64_t images_;  // at a time
  NetworkRows rows_;
  Vector<int32_t> sample_, label_;
};

}  // namespace ffwd
