#include "host/training/task_runner.h"

#include "engine/range.h"
#include "host/recipe/recipe_network.h"

namespace ffwd {

TaskRunner::TaskRunner(Network& network, const Recipe& recipe, const uint8_t* pixels,
                       int64_t most_images, int64_t most_steps, const NetworkSlots& slots,
                       const LayerGradients& gradients)
    : network_(&network),
      negatives_(recipe.negatives.labels),
      seed_(recipe.training.seed),
      layer_optimiser_(layer_optimiser(recipe)),
      head_optimiser_(head_optimiser(recipe)),
      pixels_(pixels),
      sample_(network.device(), most_steps * most_images),
      label_(network.device(), most_steps * kShows * most_images),
      values_(network.device(), most_steps),
      rows_(network.device(), network, most_images, shows_in_memory(network.head().has_value()),
            slots),
      gradients_(&gradients) {}

void TaskRunner::take(const Batches& batches, bool kept) {
  const auto copy = [&](auto to, auto from) {
    FFWD_EXPECT(from.size <= to.size, "a plan has no more steps and images than were announced");
    network_->device().copy(to.data, from.data, from.size * int64_t(sizeof(*to.data)));
  };
  copy(values_.view(), batches.values);
  if (kept) return;
  copy(sample_.view(), batches.sample);
  copy(label_.view(), batches.label);
}

VectorView<const int32_t> TaskRunner::sample(const PlanTask& task, int64_t images) const {
  return sample_.view().slice(task.step * images, images);
}

VectorView<int32_t> TaskRunner::label(const PlanTask& task, int64_t images) const {
  return label_.view().slice(task.step * kShows * images, kShows * images);
}

VectorView<const StepValues> TaskRunner::values(const PlanTask& task) const {
  return values_.view().slice(task.step, 1);
}

void TaskRunner::run(const Plan& plan, const PlanTask& task, Device& lane) {
  const int64_t images = plan.shape.batch;
  const Range range(name_of(task.kind), task.layer);
  switch (task.kind) {
    case TaskKind::gather:
      return rows_.images.gather(lane, task.step, pixels_, sample(task, images));
    case TaskKind::draw_labels:
      return draw_labels(task, images, lane);
    case TaskKind::show_labels: {
      const RowRange rows = rows_of(task.rows, images);
      return rows_.images.show_labels(
          lane, task.step, images, label(task, images).slice(rows.first, rows.count), rows.first);
    }
    case TaskKind::shared_product:
      return rows_.images.shared_product(lane, task.step, images,
                                         network_->layers()[0].parameters());
    case TaskKind::head_forward:
    case TaskKind::head_learn:
      return run_head(task, images, lane);
    case TaskKind::forward:
    case TaskKind::goodness:
    case TaskKind::gradient:
    case TaskKind::update:
      return run_layer(plan, task, lane);
  }
}

// The negative rows' part of the labels.
void TaskRunner::draw_labels(const PlanTask& task, int64_t images, Device& lane) {
  const VectorView<int32_t> labels = label(task, images);
  ConstMatrixView logits{};
  if (negatives_ == Negatives::head) logits = rows_.logits.view(images);
  const auto of = [&](RowClass rows) {
    const RowRange range = rows_of(rows, images);
    return labels.slice(range.first, range.count);
  };
  lane.wrong_labels({logits, sample(task, images), of(RowClass::positive),
                     network_->shape().input.classes, seed_, values(task), of(RowClass::negative)});
}

void TaskRunner::run_layer(const Plan& plan, const PlanTask& task, Device& lane) {
  const int64_t images = plan.shape.batch;
  const auto l = size_t(task.layer);
  Layer& layer = network_->layers()[l];
  const RowRange rows = rows_of(task.rows, images);
  const LayerRows::View out = rows_.layers[l].view(task.step, rows.first, rows.count);
  const auto input = [&] {
    return network_->input_of(rows_, l, task.step, images, rows.first,
                              label(task, images).slice(rows.first, rows.count));
  };
  const int64_t learning = plan.learns(task) ? rows_of(RowClass::learning, images).count : 0;
  switch (task.kind) {
    case TaskKind::forward:
      return layer.forward(lane, std::get<ConstMatrixView>(input()), out);
    case TaskKind::goodness:
      return layer.goodness(lane, input(), out, learning, plan.hands_on(task));
    case TaskKind::gradient:
      return layer.gradient(lane, input(), out, learning, gradients_->of(task.layer));
    case TaskKind::update:
      return layer.update(lane, layer_optimiser_, values(task), gradients_->of(task.layer));
    default:
      fail(__FILE__, __LINE__, std::string(name_of(task.kind)) + " is no task of a layer");
  }
}

void TaskRunner::run_head(const PlanTask& task, int64_t images, Device& lane) {
  const RowRange rows = rows_of(RowClass::neutral, images);
  const auto activities = network_->head_input(rows_, task.step, rows.first, rows.count);
  const MatrixView logits = rows_.logits.view(images);
  if (task.kind == TaskKind::head_forward) {
    return network_->head()->forward(lane, activities, logits);
  }
  const RowRange positive = rows_of(RowClass::positive, images);
  network_->head()->learn(lane, activities, logits,
                          label(task, images).slice(positive.first, positive.count),
                          head_optimiser_, values(task));
}

}  // namespace ffwd
