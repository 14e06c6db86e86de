#include "bench/training_case.h"

#include "host/plan/plan_builder.h"
#include "host/plan/recipe_plan.h"
#include "host/training/batches.h"
#include "host/training/step_values.h"
#include "kernels/random.h"

namespace ffwd::bench {
namespace {

constexpr int64_t kSide = 28;
constexpr int32_t kClasses = 10;

Recipe recipe_of(const TrainingShape& shape, ExecutorKind executor) {
  Recipe recipe;
  recipe.network.layers = dense_layers(shape.widths);
  recipe.network.normalise = NormKind::l2;
  recipe.network.head = false;
  recipe.objective.goodness = Goodness::mean_squares;
  recipe.objective.threshold = {2.0f};
  recipe.optimiser.kind = OptimiserKind::adam;
  recipe.optimiser.learning_rate = 0.001f;
  recipe.training.skip_first_layer = false;
  recipe.training.batch = shape.pairs;
  if (executor != ExecutorKind::serial) recipe.training.schedule = Schedule::pipelined;
  return recipe;
}

DatasetFormat image_format() {
  DatasetFormat format;
  format.image = {kSide, kSide, 1};
  for (int32_t k = 0; k < kClasses; ++k) format.class_names.push_back(std::to_string(k));
  return format;
}

std::vector<uint8_t> random_pixels(int64_t images) {
  std::vector<uint8_t> pixels;
  for (int64_t i = 0; i < images * kSide * kSide; ++i) {
    pixels.push_back(uint8_t(random_bits(1, RandomUse::weights, uint64_t(i), 7).word[0]));
  }
  return pixels;
}

// The same images at every step.
std::vector<int32_t> samples(int64_t pairs, int64_t steps) {
  std::vector<int32_t> sample;
  for (int64_t i = 0; i < pairs * steps; ++i) sample.push_back(int32_t(i % pairs));
  return sample;
}

std::vector<int32_t> labels(int64_t pairs, int64_t steps) {
  std::vector<int32_t> label;
  for (int64_t i = 0; i < pairs; ++i) label.push_back(int32_t(i % kClasses));
  return epoch_labels(samples(pairs, steps), label, pairs);
}

}  // namespace

std::string name_of(const std::vector<int64_t>& widths) {
  std::string name = std::to_string(kSide * kSide);
  for (const int64_t width : widths) name += "-" + std::to_string(width);
  return name;
}

TrainingCase::TrainingCase(Device& device, const TrainingShape& shape, int64_t steps,
                           ExecutorKind executor)
    : recipe_(recipe_of(shape, executor)),
      model_(make_model(device, recipe_, image_format(), shape.pairs)),
      pixels_(device, random_pixels(shape.pairs)),
      sample_(device, samples(shape.pairs, steps)),
      label_(device, labels(shape.pairs, steps)),
      values_(device, step_values(recipe_, 1.0f, 0, 0, steps)),
      steps_(*model_.network, recipe_, pixels_.view().data, shape.pairs, /*same_batch=*/false,
             {executor}) {}

void TrainingCase::run(const TaskKinds& only) {
  const int64_t steps = values_.size(), pairs = sample_.size() / steps;
  const Stage all{0, int64_t(network().layers().size()), false};
  for (int64_t done = 0; done < steps;) {
    const int64_t count = std::min(steps - done, steps_.most_at_once());
    steps_.run(all,
               {sample_.view().slice(done * pairs, count * pairs),
                label_.view().slice(kShows * done * pairs, kShows * count * pairs),
                values_.view().slice(done, count)},
               only);
    done += count;
  }
}

Plan TrainingCase::plan() const {
  PlanOptions options;
  options.stage = {0, int64_t(network().layers().size()), false};
  return make_plan(plan_shape(recipe_, network(), recipe_.training.batch), options);
}

std::unique_ptr<UnfusedStep> TrainingCase::unfused() const {
  const int64_t pairs = recipe_.training.batch;
  return make_unfused_step(network().device(), network(), recipe_,
                           {pixels_.view().data, sample_.view().slice(0, pairs),
                            label_.view().slice(0, pairs), values_.view()});
}

}  // namespace ffwd::bench
