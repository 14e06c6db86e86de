#include "host/training/learner.h"

#include "engine/checkpoint.h"
#include "host/basics/errors.h"
#include "host/training/backprop_trainer.h"
#include "host/training/batches.h"
#include "host/training/model.h"
#include "host/training/require_finite.h"

namespace ffwd {
namespace {

class ForwardForwardLearner final : public Learner {
 public:
  ForwardForwardLearner(Device& device, const Recipe& recipe, const Dataset& data,
                        const Execution& execution)
      : data_(&data),
        model_(make_model(device, recipe, data.format, batch_of(recipe, data.train.count))),
        classifier_(*model_.network),
        test_pixels_(device, data.test.pixels),
        trainer_(*model_.network, recipe, data.train, execution) {}

  int64_t parameter_count() const override { return model_.network->parameter_count(); }
  std::vector<NamedTensor> state() override { return state_tensors(*model_.network); }
  void go_on_from(const TrainingState& state, const std::string& origin) override {
    reading_file([&] { load_state(*model_.network, state.learnt, origin); });
    trainer_.go_on_after(state.steps, state.train_seconds);
  }
  void run(const OnProgress& on_progress, const OnEpoch& on_epoch,
           const std::function<bool()>& stop) override {
    trainer_.run(on_progress, on_epoch, stop);
  }
  TrainingTotals totals() const override { return trainer_.totals(); }
  Evaluation evaluate_train() override {
    return evaluate(classifier_, trainer_.pixels(), data_->train.labels);
  }
  Evaluation evaluate_test() override {
    return evaluate(classifier_, test_pixels_.pixels(), data_->test.labels);
  }
  void save(const std::string& path) const override { save_model(model_, path); }

 private:
  const Dataset* data_;
  Model model_;
  Classifier classifier_;
  ImageStore test_pixels_;
  Trainer trainer_;  // last: it takes as much of the memory that is left as helps
};

BackpropShape backprop_shape(const Recipe& recipe, const DatasetFormat& format) {
  BackpropShape shape{format.image.values(),
                      standardise(recipe, format),
                      {},
                      int32_t(format.class_names.size()),
                      recipe.network.activation};
  for (const LayerSpec& layer : recipe.network.layers) shape.widths.push_back(layer.units);
  return shape;
}

class BackpropLearner final : public Learner {
 public:
  BackpropLearner(Device& device, const Recipe& recipe, const Dataset& data)
      : data_(&data),
        recipe_(recipe),
        network_(device, backprop_shape(recipe, data.format), recipe.optimiser.kind,
                 batch_of(recipe, data.train.count)),
        trainer_(network_, recipe, data.train),
        test_pixels_(device, data.test.pixels) {
    network_.initialise(recipe.network.init, recipe.training.seed);
  }

  int64_t parameter_count() const override { return network_.parameter_count(); }
  std::vector<NamedTensor> state() override { return state_tensors(network_); }
  void go_on_from(const TrainingState& state, const std::string& origin) override {
    reading_file([&] { load_state(network_, state.learnt, origin); });
    trainer_.go_on_after(state.steps, state.train_seconds);
  }
  void run(const OnProgress& on_progress, const OnEpoch& on_epoch,
           const std::function<bool()>& stop) override {
    trainer_.run(on_progress, on_epoch, stop);
  }
  TrainingTotals totals() const override { return trainer_.totals(); }
  Evaluation evaluate_train() override { return evaluate(trainer_.pixels(), data_->train.labels); }
  Evaluation evaluate_test() override {
    return evaluate(test_pixels_.pixels(), data_->test.labels);
  }
  void save(const std::string& path) const override {
    save_tensors(network_tensors(network_), recipe_, data_->format, path);
  }

 private:
  Evaluation evaluate(const uint8_t* pixels, const std::vector<int32_t>& labels) {
    const std::vector<float> logits = network_.logits(pixels, int64_t(labels.size()));
    require_finite(logits, network_.shape().classes);
    const std::vector<int32_t> predicted = argmax(logits, network_.shape().classes);
    Evaluation result;
    result.head = accuracy(predicted, labels);
    result.confusion = confusion(predicted, labels, network_.shape().classes);
    return result;
  }

  const Dataset* data_;
  Recipe recipe_;
  BackpropNetwork network_;
  BackpropTrainer trainer_;
  ImageStore test_pixels_;
};

}  // namespace

std::unique_ptr<Learner> make_learner(Device& device, const Recipe& recipe, const Dataset& data,
                                      const Execution& execution) {
  if (recipe.training.algorithm == Algorithm::backprop) {
    return std::make_unique<BackpropLearner>(device, recipe, data);
  }
  return std::make_unique<ForwardForwardLearner>(device, recipe, data, execution);
}

}  // namespace ffwd
