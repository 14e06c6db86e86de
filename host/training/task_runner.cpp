#include "host/training/task_runner.h"

#include "engine/device/range.h"
#include "engine/network/layer_places.h"
#include "host/recipe/recipe_network.h"

namespace ffwd {

TaskRunner::TaskRunner(Network& network, const Recipe& recipe, const uint8_t* pixels,
                       int64_t max_images, int64_t max_steps, const NetworkSlots& slots)
    : network_(&network),
      negatives_(recipe.negatives.labels),
      seed_(recipe.training.seed),
      layer_optimiser_(layer_optimiser(recipe)),
      head_optimiser_(head_optimiser(recipe)),
      pixels_(pixels),
      sample_(network.device(), max_steps * max_images),
      label_(network.device(), max_steps * kShows * max_images),
      values_(network.device(), max_steps),
      rows_(network.device(), network, max_images, shows_in_memory(network.head().has_value()),
            slots) {
  std::vector<LayerShape> shapes;
  for (const Layer& layer : network.layers()) shapes.push_back(layer.shape());
  gradient_place_ = layer_places(shapes, slots.take_turns, network.head().has_value()).gradient;
  for (size_t l = 0; l < shapes.size(); ++l) {
    const bool own = !lender(gradient_place_, int64_t(l));
    const int64_t size = network.layers()[l].parameters().gradient_size();
    gradients_.emplace_back(network.device(), own ? size : 0);
  }
}

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

void TaskRunner::run(const Plan& plan, const PlanTask& task, Device& lane) {
  const int64_t images = plan.shape.batch;
  const Range range(name_of(kTaskKinds, task.kind), task.layer);
  switch (task.kind) {
    case TaskKind::gather:
      return rows_.images.gather(lane, task.step, pixels_, sample(task, images));
    case TaskKind::draw_labels:
      return draw_labels(task, images, lane);
    case TaskKind::show_labels:
      return rows_.images.show_labels(lane, task.step, images, label(task, task.rows, images),
                                      rows_of(task.rows, images).first);
    case TaskKind::shared_product:
      return rows_.images.shared_product(lane, task.step, images, layer(task).parameters());
    case TaskKind::forward:
      return layer(task).forward(lane, std::get<ConstMatrixView>(input(task, images)),
                                 output(task, images));
    case TaskKind::goodness:
      return layer(task).goodness(lane, input(task, images), output(task, images),
                                  learning_rows(plan, task), plan.hands_on(task));
    case TaskKind::gradient:
      return layer(task).gradient(lane, input(task, images), output(task, images),
                                  learning_rows(plan, task), gradient(task));
    case TaskKind::update:
      return layer(task).update(lane, layer_optimiser_, values(task), gradient(task));
    case TaskKind::head_forward:
      return network_->head()->forward(lane, head_input(task, images), rows_.logits.view(images));
    case TaskKind::head_learn:
      return network_->head()->learn(lane, head_input(task, images), rows_.logits.view(images),
                                     label(task, RowClass::positive, images), head_optimiser_,
                                     values(task));
  }
}

// The negative rows' part of the labels.
void TaskRunner::draw_labels(const PlanTask& task, int64_t images, Device& lane) {
  ConstMatrixView logits{};
  if (negatives_ == Negatives::head) logits = rows_.logits.view(images);
  lane.wrong_labels({logits, sample(task, images), label(task, RowClass::positive, images),
                     network_->shape().input.classes, seed_, values(task),
                     label(task, RowClass::negative, images)});
}

VectorView<const int32_t> TaskRunner::sample(const PlanTask& task, int64_t images) const {
  return sample_.view().slice(task.step * images, images);
}

VectorView<int32_t> TaskRunner::label(const PlanTask& task, RowClass rows, int64_t images) const {
  const RowRange range = rows_of(rows, images);
  return label_.view().slice(task.step * kShows * images + range.first, range.count);
}

VectorView<const StepValues> TaskRunner::values(const PlanTask& task) const {
  return values_.view().slice(task.step, 1);
}

Layer& TaskRunner::layer(const PlanTask& task) const {
  return network_->layers()[size_t(task.layer)];
}

LayerInput TaskRunner::input(const PlanTask& task, int64_t images) const {
  return network_->input_of(rows_, size_t(task.layer), task.step, images,
                            rows_of(task.rows, images).first, label(task, task.rows, images));
}

LayerRows::View TaskRunner::output(const PlanTask& task, int64_t images) const {
  const RowRange rows = rows_of(task.rows, images);
  return rows_.layers[size_t(task.layer)].view(task.step, rows.first, rows.count);
}

std::vector<ConstMatrixView> TaskRunner::head_input(const PlanTask& task, int64_t images) const {
  const RowRange rows = rows_of(RowClass::neutral, images);
  return network_->head_input(rows_, task.step, rows.first, rows.count);
}

VectorView<float> TaskRunner::gradient(const PlanTask& task) const {
  return gradients_[size_t(gradient_place_[size_t(task.layer)])].view();
}

int64_t TaskRunner::learning_rows(const Plan& plan, const PlanTask& task) const {
  return plan.learns(task) ? rows_of(RowClass::learning, plan.shape.batch).count : 0;
}

}  // namespace ffwd
