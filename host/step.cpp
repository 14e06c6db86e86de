#include "host/step.h"

#include "engine/range.h"

namespace ffwd {
namespace {

constexpr int64_t kShows = 3;  // of every image: positive, negative, neutral

}  // namespace

std::vector<Stage> stages_of(Schedule schedule, size_t layers, bool head) {
  if (schedule == Schedule::simultaneous) return {{0, layers, head}};
  std::vector<Stage> stages;
  for (size_t l = 0; l < layers; ++l) stages.push_back({l, l + 1, false});
  if (head) stages.push_back({layers, layers, true});
  return stages;
}

Step::Step(Network& network, const Recipe& recipe, int64_t max_batch, bool same_batch)
    : network_(&network),
      negatives_(recipe.negatives.labels),
      seed_(recipe.training.seed),
      same_batch_(same_batch),
      rows_(network.device(), network, max_batch, kShows) {
  const Recipe::Optimiser& o = recipe.optimiser;
  layer_optimiser_ = {o.kind, o.learning_rate, o.weight_decay, o.momentum, o.beta1, o.beta2, o.eps};
  head_optimiser_ = {
      o.kind, o.head_learning_rate, o.head_weight_decay, o.momentum, o.beta1, o.beta2, o.eps};
}

bool Step::input_is_kept(const Stage& stage) {
  if (!same_batch_ || negatives_ != Negatives::fixed) return false;
  const bool kept = kept_ && kept_->first_layer == stage.first_layer &&
                    kept_->end_layer == stage.end_layer && kept_->head == stage.head;
  kept_ = stage;
  return kept;
}

void Step::draw_wrong_labels(ConstMatrixView logits, VectorView<const int32_t> sample,
                             VectorView<int32_t> label, int64_t step) {
  const int64_t images = sample.size;
  const uint32_t draw = negatives_ == Negatives::fixed ? 0 : uint32_t(step + 1);
  network_->device().wrong_labels({logits, sample, label.slice(0, images),
                                   network_->shape().input.classes, seed_, draw,
                                   label.slice(images, images)});
}

void Step::run(const Stage& stage, const uint8_t* pixels, VectorView<const int32_t> sample,
               VectorView<int32_t> label, int64_t step, float rate_factor) {
  const Range range("step", step);
  auto& layers = network_->layers();
  const int64_t images = sample.size, learning = 2 * images;
  const bool layers_learn = stage.first_layer < stage.end_layer;
  const bool drawn_from_head = negatives_ == Negatives::head;

  Device& device = network_->device();
  constexpr int64_t kBatch = 0;
  const auto show = [&](int64_t first, int64_t count) {
    rows_.images.show(device, kBatch, images, label.slice(first, count), first);
  };
  const auto forward = [&](size_t l, int64_t first, int64_t count, int64_t learning_rows,
                           bool hands_on) {
    const auto out = rows_.layers[l].view(kBatch, first, count);
    layers[l].forward(device, network_->input_of(rows_, l, kBatch, images, first, count), out);
    layers[l].rows(device, out, learning_rows, hands_on);
  };
  const auto head_step = [&] {
    const auto activities = network_->head_input(rows_, kBatch, learning, images);
    const MatrixView logits = rows_.logits.view(images);
    network_->head()->forward(device, activities, logits);
    if (drawn_from_head) draw_wrong_labels(logits, sample, label, step);
    if (stage.head) {
      network_->head()->learn(device, activities, logits, label.slice(0, images), head_optimiser_,
                              rate_factor);
    }
  };

  const bool kept = input_is_kept(stage);
  if (!kept) rows_.images.load(device, kBatch, pixels, sample);
  if (!kept || (layers_learn && stage.first_layer == 0)) {
    rows_.images.multiply(device, kBatch, images, layers[0].weight());
  }
  // Neutral rows go through the layers on their own if wrong labels depend on them, else beside the
  // others.
  const bool neutral_first = drawn_from_head || !layers_learn;
  if (neutral_first) {
    if (!kept) {
      show(learning, images);
      for (size_t l = 0; l < layers.size(); ++l) forward(l, learning, images, 0, true);
    }
    head_step();
    if (!layers_learn) return;
  }
  const int64_t rows = stage.head && !neutral_first ? kShows * images : learning;
  if (!kept) {
    if (!drawn_from_head) draw_wrong_labels({}, sample, label, step);
    show(0, rows);
    for (size_t l = 0; l < stage.first_layer; ++l) forward(l, 0, rows, 0, true);
  }
  for (size_t l = stage.first_layer; l < stage.end_layer; ++l) {
    const Range layer_range("layer.learn", int64_t(l));
    forward(l, 0, rows, learning, l + 1 < stage.end_layer || stage.head);
    const auto out = rows_.layers[l].view(kBatch, 0, rows);
    layers[l].metrics(device, out, learning);
    layers[l].gradient(device, network_->input_of(rows_, l, kBatch, images, 0, rows), out,
                       learning);
    layers[l].update(device, layer_optimiser_, rate_factor);
  }
  if (stage.head && !neutral_first) head_step();
}

}  // namespace ffwd
