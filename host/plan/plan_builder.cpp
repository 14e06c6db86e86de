#include "host/plan/plan_builder.h"

#include <algorithm>

#include "host/plan/plan_buffers.h"
#include "host/plan/plan_order.h"
#include "host/plan/plan_slots.h"

namespace ffwd {
namespace {

class Builder {
 public:
  Builder(const PlanShape& shape, const PlanOptions& options);

  Plan build();

 private:
  int64_t layers() const { return int64_t(plan_.shape.layers.size()); }
  bool drawn_from_head() const { return plan_.shape.labels_from_head && plan_.stage.has_layers(); }
  // Whether neutral rows go through the layers on their own, before the others.
  bool neutral_first() const { return drawn_from_head() || !plan_.stage.has_layers(); }

  // Lanes before unused ones are taken out.
  int64_t input_lane() const { return 0; }
  int64_t layer_lane(int64_t l) const { return pipelined_ ? 1 + l : 0; }
  int64_t head_lane() const { return pipelined_ ? 1 + layers() : 0; }

  PlanTask& add(TaskKind kind, int64_t layer, int64_t step, RowClass rows, int64_t lane);
  void read(int64_t buffer, RowClass rows) {
    plan_.tasks.back().reads.push_back({buffer, 0, rows});
  }
  void write(int64_t buffer, RowClass rows) {
    plan_.tasks.back().writes.push_back({buffer, 0, rows});
  }
  void read_and_write(int64_t buffer, RowClass rows) {
    read(buffer, rows);
    write(buffer, rows);
  }

  void neutral_pass(int64_t step);
  void learning_pass(int64_t step);
  void gather(int64_t step);
  void draw_labels(int64_t step);
  void show_labels(int64_t step, RowClass rows);
  void shared_product(int64_t step, RowClass rows);
  void forward(int64_t l, int64_t step, RowClass rows);
  void learn(int64_t l, int64_t step);
  void head(int64_t step);

  void carry_what_is_kept();
  void name_lanes();

  Plan plan_;
  bool pipelined_;
  int64_t depth_, memory_limit_;
  PlanBuffers buffers_;
};

Builder::Builder(const PlanShape& shape, const PlanOptions& options)
    : plan_{}, pipelined_(options.pipelined), memory_limit_(options.memory_limit) {
  plan_.shape = shape;
  plan_.stage = options.stage;
  plan_.steps = options.steps;
  const Stage& stage = plan_.stage;
  FFWD_EXPECT(!shape.layers.empty() && shape.batch > 0 && options.steps >= 0,
              "a plan needs layers, images and a number of steps");
  FFWD_EXPECT(0 <= stage.first_layer && stage.end_layer <= layers(),
              "only layers of the network can learn");
  FFWD_EXPECT(shape.head || (!stage.head && !shape.labels_from_head),
              "there is no head to learn or to draw labels from");
  FFWD_EXPECT(!stage.head || !stage.has_layers() || stage.end_layer == layers(),
              "a head that learns beside layers needs them all");
  plan_.lag = drawn_from_head() ? shape.label_lag : 0;
  plan_.kept = options.kept;
  FFWD_EXPECT(!plan_.kept || !drawn_from_head(), "labels that are drawn anew are not kept");
  depth_ = options.depth > 0 ? options.depth : layers() + 2;
  if (!pipelined_) depth_ = 1;
}

Plan Builder::build() {
  buffers_ = add_buffers(plan_, !pipelined_);
  for (int64_t step = 0; step < plan_.steps; ++step) {
    if (neutral_first()) {
      const int64_t end = std::min(step + plan_.lag + 1, plan_.steps);
      for (int64_t batch = step == 0 ? 0 : step + plan_.lag; batch < end; ++batch) {
        neutral_pass(batch);
      }
    }
    if (plan_.stage.has_layers()) learning_pass(step);
  }
  if (plan_.kept) carry_what_is_kept();
  choose_slots(plan_, depth_, memory_limit_);
  name_lanes();
  link_tasks(plan_);
  return plan_;
}

// Tasks, in the order of a single thread -----------------------------------------------------------

PlanTask& Builder::add(TaskKind kind, int64_t layer, int64_t step, RowClass rows, int64_t lane) {
  plan_.tasks.push_back({kind, layer, step, rows, lane, {}, {}, {}});
  return plan_.tasks.back();
}

void Builder::neutral_pass(int64_t step) {
  if (!plan_.kept) {
    gather(step);
    show_labels(step, RowClass::neutral);
    const bool for_both = plan_.stage.has_layers() && plan_.lag == 0;
    shared_product(step, for_both ? RowClass::all : RowClass::neutral);
    for (int64_t l = 0; l < layers(); ++l) forward(l, step, RowClass::neutral);
  }
  head(step);
}

void Builder::learning_pass(int64_t step) {
  const Stage& stage = plan_.stage;
  const bool with_neutral = stage.head && !neutral_first();
  const RowClass rows = with_neutral ? RowClass::all : RowClass::learning;
  if (!neutral_first() && !plan_.kept) {
    gather(step);
    draw_labels(step);
  }
  if (!plan_.kept) show_labels(step, rows);
  const bool shared_product_is_kept = plan_.kept && stage.first_layer > 0;
  if ((!neutral_first() || plan_.lag > 0) && !shared_product_is_kept) shared_product(step, rows);
  for (int64_t l = plan_.kept ? stage.first_layer : 0; l < stage.end_layer; ++l) {
    forward(l, step, rows);
    if (stage.has_layer(l)) learn(l, step);
  }
  if (with_neutral) head(step);
}

void Builder::gather(int64_t step) {
  const RowClass learning = plan_.stage.has_layers() ? RowClass::learning : RowClass::none;
  const RowClass neutral =
      plan_.stage.head || drawn_from_head() ? RowClass::neutral : RowClass::none;
  add(TaskKind::gather, -1, step, learning | neutral, input_lane());
  write(buffers_.images, RowClass::all);
}

void Builder::draw_labels(int64_t step) {
  const int64_t lane = drawn_from_head() ? head_lane() : input_lane();
  add(TaskKind::draw_labels, -1, step, RowClass::learning, lane);
  if (drawn_from_head()) read(buffers_.logits, RowClass::neutral);
  write(buffers_.wrong_labels, RowClass::learning);
}

void Builder::show_labels(int64_t step, RowClass rows) {
  add(TaskKind::show_labels, -1, step, rows, input_lane());
  read(buffers_.images, RowClass::all);
  if (overlap(rows, RowClass::learning)) read(buffers_.wrong_labels, RowClass::learning);
  write(buffers_.shown, rows);
}

void Builder::shared_product(int64_t step, RowClass rows) {
  if (!plan_.shape.shares_product()) return;
  add(TaskKind::shared_product, 0, step, rows, layer_lane(0));
  read(buffers_.images, RowClass::all);
  read(buffers_.layers[0].weights, RowClass::all);
  write(buffers_.shared_product, RowClass::all);
}

void Builder::forward(int64_t l, int64_t step, RowClass rows) {
  const PlanBuffers::Layer& b = buffers_.layers[size_t(l)];
  const bool shared = plan_.shape.z_is_shared_product(l);
  if (!shared) {
    add(TaskKind::forward, l, step, rows, layer_lane(l));
    read(l > 0 ? buffers_.layers[size_t(l) - 1].next : buffers_.shown, rows);
    read(b.weights, RowClass::all);
    write(b.z, rows);
  }

  const PlanTask& task = add(TaskKind::goodness, l, step, rows, layer_lane(l));
  if (shared) {
    read(buffers_.shared_product, RowClass::all);
    read(buffers_.shown, rows);
    if (overlap(rows, RowClass::learning)) read(buffers_.wrong_labels, RowClass::learning);
  } else {
    read(b.z, rows);
  }
  read(b.weights, RowClass::all);  // the biases
  if (plan_.learns(task)) write(b.z, RowClass::learning);
  if (plan_.learns(task) && shared) write(b.scratch, RowClass::all);
  if (plan_.keeps_activities(task)) write(b.activities, rows);
  if (plan_.hands_on(task) && b.next != b.activities) write(b.next, rows);
  write(b.figures, rows);
  if (plan_.learns(task)) read_and_write(b.running, RowClass::all);
}

void Builder::learn(int64_t l, int64_t step) {
  const PlanBuffers::Layer& b = buffers_.layers[size_t(l)];
  const bool shared = plan_.shape.z_is_shared_product(l);
  constexpr RowClass learning = RowClass::learning, whole = RowClass::all;
  add(TaskKind::gradient, l, step, learning, layer_lane(l));
  read(b.z, learning);
  if (plan_.shape.peer_normalisation) {
    read(b.activities, learning);
    read(b.figures, learning);
    read_and_write(b.peer_mean, whole);
    write(b.z, learning);
  }
  read(l > 0 ? buffers_.layers[size_t(l) - 1].next : buffers_.shown, learning);
  if (shared) {
    read(buffers_.images, whole);
    read(b.scratch, whole);
  }
  write(b.scratch, whole);
  write(b.gradient, whole);

  add(TaskKind::update, l, step, learning, layer_lane(l));
  read(b.gradient, whole);
  read_and_write(b.weights, whole);
}

void Builder::head(int64_t step) {
  const auto read_activities = [&] {
    for (int64_t l = plan_.shape.first_read_layer; l < layers(); ++l) {
      read(buffers_.layers[size_t(l)].next, RowClass::neutral);
    }
  };
  add(TaskKind::head_forward, -1, step, RowClass::neutral, head_lane());
  read_activities();
  read(buffers_.head_weights, RowClass::all);
  write(buffers_.logits, RowClass::neutral);
  if (drawn_from_head()) draw_labels(step);
  if (!plan_.stage.head) return;
  add(TaskKind::head_learn, -1, step, RowClass::neutral, head_lane());
  read_activities();
  read(buffers_.logits, RowClass::neutral);
  write(buffers_.head_scratch, RowClass::all);
  read_and_write(buffers_.head_weights, RowClass::all);
  read_and_write(buffers_.head_running, RowClass::all);
}

// What stays between plans, and lanes --------------------------------------------------------------

// Carries what is read and not written.
void Builder::carry_what_is_kept() {
  std::vector<bool> read(plan_.buffers.size(), false), written(plan_.buffers.size(), false);
  for (const PlanTask& task : plan_.tasks) {
    for (const PlanAccess& access : task.reads) read[size_t(access.buffer)] = true;
    for (const PlanAccess& access : task.writes) written[size_t(access.buffer)] = true;
  }
  for (size_t b = 0; b < plan_.buffers.size(); ++b) {
    if (read[b] && !written[b]) plan_.buffers[b].carried = true;
  }
}

void Builder::name_lanes() {
  std::vector<std::string> names = {pipelined_ ? "input" : "all"};
  for (int64_t l = 0; l < layers(); ++l) names.push_back("layer " + std::to_string(l));
  names.push_back("head");
  std::vector<int64_t> place(names.size(), -1);
  for (const PlanTask& task : plan_.tasks) place[size_t(task.lane)] = 0;
  for (size_t lane = 0; lane < names.size(); ++lane) {
    if (place[lane] < 0) continue;
    place[lane] = int64_t(plan_.lanes.size());
    plan_.lanes.push_back(names[lane]);
  }
  for (PlanTask& task : plan_.tasks) task.lane = place[size_t(task.lane)];
  // The input's, those of all layers that are run, the head's.
  const int64_t with_input = 1 + plan_.stage.end_layer + (place.back() >= 0);
  plan_.most_lanes = pipelined_ ? with_input : int64_t(plan_.lanes.size());
}

}  // namespace

Plan make_plan(const PlanShape& shape, const PlanOptions& options) {
  return Builder(shape, options).build();
}

}  // namespace ffwd
