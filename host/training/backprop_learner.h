// Learns by backpropagation, the baseline. Its loss stands where a head's does; it is the mean over
// the images of an epoch, each before the step that it was learnt in.
#pragma once

#include "engine/network/backprop_network.h"
#include "engine/network/image_store.h"
#include "host/training/learner.h"

namespace ffwd {

class BackpropLearner final : public Learner {
 public:
  // As make_learner.
  BackpropLearner(Device& device, const Recipe& recipe, const Dataset& data);

  Device& device() const override { return network_.device(); }
  int64_t parameter_count() const override { return network_.parameter_count(); }
  int64_t most_at_once() const override { return 1; }
  void learn(const Stage& stage, const Batches& batches) override;
  void clear_running(const Stage& stage) override;
  void add_up_running(const Stage&, int64_t place) override { network_.running().add_up(place); }
  std::vector<EpochMetrics> read_losses(const Stage& stage, int64_t places, int64_t steps) override;
  Evaluation evaluate_train() override;
  Evaluation evaluate_test() override;
  std::vector<LazyTensor> state() override;
  void load(const SafetensorsFile& state, const std::string& origin) override;
  void save(const std::string& path) const override;

 private:
  Evaluation evaluate(const ImageStore& images, const std::vector<int32_t>& labels);

  const Dataset* data_;
  Recipe recipe_;
  Optimiser optimiser_;
  int64_t batch_;
  BackpropNetwork network_;
  ImageStore train_pixels_, test_pixels_;
  int64_t last_images_ = 0;  // of the epoch's last batch if it is smaller than the others
};

}  // namespace ffwd
