#include "host/training/forward_forward_learner.h"

#include "engine/files/checkpoint.h"
#include "host/basics/errors.h"

namespace ffwd {

ForwardForwardLearner::ForwardForwardLearner(Device& device, const Recipe& recipe,
                                             const Dataset& data, const Execution& execution)
    : data_(&data),
      model_(make_model(device, recipe, data.format, batch_of(recipe, data.train.count))),
      classifier_(network()),
      train_pixels_(device, data.train.pixels),
      test_pixels_(device, data.test.pixels),
      steps_(network(), recipe, train_pixels_.pixels(), batch_of(recipe, data.train.count),
             /*same_batch=*/batch_of(recipe, data.train.count) == data.train.count, execution) {}

void ForwardForwardLearner::clear_running(const Stage& stage) {
  for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
    network().layers()[size_t(l)].running().clear();
  }
  if (stage.head) network().head()->running().clear();
}

void ForwardForwardLearner::add_up_running(const Stage& stage, int64_t place) {
  for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
    network().layers()[size_t(l)].running().add_up(place);
  }
  if (stage.head) network().head()->running().add_up(place);
}

std::vector<EpochMetrics> ForwardForwardLearner::read_losses(const Stage& stage, int64_t places,
                                                             int64_t steps) {
  auto& layers = network().layers();
  const auto mean = [&](float sum) { return double(sum) / double(steps); };
  std::vector<EpochMetrics> metrics(static_cast<size_t>(places));
  for (EpochMetrics& of_place : metrics) of_place.layers.resize(layers.size());
  for (size_t l = size_t(stage.first_layer); l < size_t(stage.end_layer); ++l) {
    const auto totals = layers[l].running().totals(places);
    for (size_t p = 0; p < metrics.size(); ++p) {
      const RunningFigures& sums = totals[p];
      metrics[p].layers[l] =
          LayerMetrics{mean(sums.loss), mean(sums.positive), mean(sums.negative)};
    }
  }
  if (stage.head) {
    const auto totals = network().head()->running().totals(places);
    for (size_t p = 0; p < metrics.size(); ++p) metrics[p].head_loss = mean(totals[p]);
  }
  return metrics;
}

Evaluation ForwardForwardLearner::evaluate_train() {
  return evaluate(classifier_, train_pixels_.pixels(), data_->train.labels);
}

Evaluation ForwardForwardLearner::evaluate_test() {
  return evaluate(classifier_, test_pixels_.pixels(), data_->test.labels);
}

std::vector<LazyTensor> ForwardForwardLearner::state() {
  return state_tensors(network());
}

void ForwardForwardLearner::load(const SafetensorsFile& state, const std::string& origin) {
  reading_file([&] { load_state(network(), state, origin); });
}

}  // namespace ffwd
