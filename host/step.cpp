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

  const auto show = [&](int64_t first, int64_t count) {
    rows_.images.show(label.slice(first, count), first);
  };
  const auto head_step = [&] {
    const auto activities = network_->head_input(rows_, learning, images);
    const MatrixView logits = rows_.logits.view(images);
    network_->head()->forward(activities, logits);
    if (drawn_from_head) draw_wrong_labels(logits, sample, label, step);
    if (stage.head) {
      network_->head()->learn(activities, logits, label.slice(0, images), head_optimiser_,
                              rate_factor);
    }
  };

  const bool kept = input_is_kept(stage);
  if (!kept) {
    network_->load(rows_, pixels, sample);
  } else if (layers_learn && stage.first_layer == 0) {
    network_->reload(rows_);
  }
  // Neutral rows go through the layers on their own if wrong labels depend on them, else beside the
  // others.
  const bool neutral_first = drawn_from_head || !layers_learn;
  if (neutral_first) {
    if (!kept) {
      show(learning, images);
      network_->forward(rows_, learning, images, 0, layers.size());
    }
    head_step();
    if (!layers_learn) return;
  }
  const int64_t rows = stage.head && !neutral_first ? kShows * images : learning;
  if (!kept) {
    if (!drawn_from_head) draw_wrong_labels({}, sample, label, step);
    show(0, rows);
    network_->forward(rows_, 0, rows, 0, stage.first_layer);
  }
  for (size_t l = stage.first_layer; l < stage.end_layer; ++l) {
    const Range layer_range("layer.learn", int64_t(l));
    const auto out = rows_.layers[l].view(0, rows);
    layers[l].learn(network_->input_of(rows_, l, 0, rows), out, images, images, layer_optimiser_,
                    rate_factor);
    if (l + 1 < stage.end_layer || stage.head) layers[l].hand_on(out);
  }
  if (stage.head && !neutral_first) head_step();
}

}  // namespace ffwd
