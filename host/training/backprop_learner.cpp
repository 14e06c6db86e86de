#include "host/training/backprop_learner.h"

#include "engine/files/checkpoint.h"
#include "host/basics/errors.h"
#include "host/model/model.h"
#include "host/model/require_finite.h"
#include "host/recipe/recipe_network.h"

namespace ffwd {
namespace {

// The last batch of an epoch may be smaller. What the others added up waits in this place.
constexpr int64_t kPlaceBefore = kPlacesOfTotals - 1;

BackpropShape backprop_shape(const Recipe& recipe, const DatasetFormat& format) {
  BackpropShape shape{format.image.values(),
                      standardise(recipe, format),
                      {},
                      int32_t(format.class_names.size()),
                      recipe.network.activation};
  for (const LayerSpec& layer : recipe.network.layers) shape.widths.push_back(layer.units);
  return shape;
}

}  // namespace

BackpropLearner::BackpropLearner(Device& device, const Recipe& recipe, const Dataset& data)
    : data_(&data),
      recipe_(recipe),
      optimiser_(layer_optimiser(recipe)),
      batch_(batch_of(recipe, data.train.count)),
      network_(device, backprop_shape(recipe, data.format), recipe.optimiser.kind, batch_),
      train_pixels_(device, data.train.pixels),
      test_pixels_(device, data.test.pixels) {
  network_.initialise(recipe.network.init, recipe.training.seed);
}

void BackpropLearner::clear_running(const Stage&) {
  network_.running().clear();
  last_images_ = 0;
}

void BackpropLearner::learn(const Stage&, const Batches& batches) {
  FFWD_EXPECT(batches.steps() == 1, "one step at a time");
  if (batches.images() < batch_) {
    network_.running().add_up(kPlaceBefore);
    network_.running().clear();
    last_images_ = batches.images();
  }
  const VectorView<const int32_t> label = batches.label;
  network_.learn(train_pixels_.pixels(), batches.sample, label.slice(0, batches.images()),
                 optimiser_, batches.values);
}

std::vector<EpochMetrics> BackpropLearner::read_losses(const Stage&, int64_t places,
                                                       int64_t steps) {
  const std::vector<float> totals = network_.running().totals(kPlacesOfTotals);
  std::vector<EpochMetrics> metrics(static_cast<size_t>(places));
  for (size_t p = 0; p < metrics.size(); ++p) {
    double sum = double(batch_) * double(totals[p]);
    int64_t images = steps * batch_;
    if (last_images_ > 0) {
      sum =
          double(batch_) * double(totals[kPlaceBefore]) + double(last_images_) * double(totals[p]);
      images += last_images_ - batch_;
    }
    metrics[p].head_loss = sum / double(images);
  }
  return metrics;
}

Evaluation BackpropLearner::evaluate(const ImageStore& images, const std::vector<int32_t>& labels) {
  const int32_t classes = network_.shape().classes;
  const std::vector<float> logits = network_.logits(images.pixels(), int64_t(labels.size()));
  require_finite(logits, classes);
  const std::vector<int32_t> predicted = argmax(logits, classes);
  Evaluation result;
  result.head = accuracy(predicted, labels);
  result.confusion = confusion(predicted, labels, classes);
  return result;
}

Evaluation BackpropLearner::evaluate_train() {
  return evaluate(train_pixels_, data_->train.labels);
}

Evaluation BackpropLearner::evaluate_test() {
  return evaluate(test_pixels_, data_->test.labels);
}

std::vector<LazyTensor> BackpropLearner::state() {
  return state_tensors(network_);
}

void BackpropLearner::load(const SafetensorsFile& state, const std::string& origin) {
  reading_file([&] { load_state(network_, state, origin); });
}

void BackpropLearner::save(const std::string& path) const {
  save_tensors(network_tensors(network_), recipe_, data_->format, path);
}

}  // namespace ffwd
