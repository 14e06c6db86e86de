// Learns by Forward-Forward: the layers, and a head if there is one, by the steps of plans.
#pragma once

#include "engine/network/image_store.h"
#include "host/model/model.h"
#include "host/training/learner.h"

namespace ffwd {

class ForwardForwardLearner final : public Learner {
 public:
  // As make_learner.
  ForwardForwardLearner(Device& device, const Recipe& recipe, const Dataset& data,
                        const Execution& execution = {});

  Network& network() const { return *model_.network; }

  Device& device() const override { return network().device(); }
  int64_t parameter_count() const override { return network().parameter_count(); }
  int64_t most_at_once() const override { return steps_.most_at_once(); }
  void learn(const Stage& stage, const Batches& batches) override { steps_.run(stage, batches); }
  void clear_running(const Stage& stage) override;
  void add_up_running(const Stage& stage, int64_t place) override;
  std::vector<EpochMetrics> read_losses(const Stage& stage, int64_t places, int64_t steps) override;
  Evaluation evaluate_train() override;
  Evaluation evaluate_test() override;
  std::vector<LazyTensor> state() override;
  void load(const SafetensorsFile& state, const std::string& origin) override;
  void save(const std::string& path) const override { save_model(model_, path); }

 private:
  const Dataset* data_;
  Model model_;
  Classifier classifier_;
  ImageStore train_pixels_, test_pixels_;
  Steps steps_;  // last: it takes as much of the memory that is left as helps
};

}  // namespace ffwd
