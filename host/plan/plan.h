// The plan of a training: which tasks there are, what each reads and writes, on which lane it runs
// and what it waits for. Plain data: plans are made, costed and printed without a device, and
// played by executors that decide nothing.
//
// Tasks stand in the order in which a single thread runs them; playing them one after another is
// always right. A lane (a stream or a thread) runs its tasks in that order. What a task needs from
// other lanes it names, and nothing that is implied anyway. Together this orders any two tasks that
// touch the same memory, one of them writing, as the single thread does: whatever runs beside what,
// every task reads the same values, and a training gets the same bits.
//
// A batch is shown under three labels: its learning rows (positive, then negative) and its neutral
// rows, which only the head learns from. Wrong labels may be drawn from the head, which must see
// the batch's neutral rows in every layer first. With a label lag of 0 it sees them in the same
// step: no layer learns from a batch before all layers have learnt from the one before. With a lag
// of d it sees them, and learns from them, d steps earlier; the first d + 1 batches of a plan go
// through the network as the plan finds it.
//
// If a stage learns from the same batch under the same labels at every step, what reaches its
// layers stays what it was: a plan may find it kept from an earlier one.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "engine/network/layer_shape.h"
#include "kernels/names.h"

namespace ffwd {

// A batch shows every image three times: its rows are positive, then negative, then neutral.
constexpr int64_t kShows = 3;
// Without a head nobody needs the neutral rows, and there is no memory for them.
constexpr int64_t shows_in_memory(bool head) {
  return head ? kShows : kShows - 1;
}

// All that a plan needs to know of a network and its recipe.
struct PlanShape {
  ImageShape image;
  int64_t classes = 0;
  std::vector<LayerShape> layers;
  bool head = true;
  int64_t first_read_layer = 0;  // the head reads this layer and all above
  bool labels_from_head = false;
  int64_t label_lag = 0;            // steps; without labels_from_head it means nothing
  bool goodness_of_pixels = false;  // of convolutions; else of whole images
  bool peer_normalisation = false;
  int64_t optimiser_states = 1;  // numbers kept for each weight
  int64_t batch = 0;             // images
  int64_t activation_bytes = 4;  // of an activation, and of a weight as matmuls read it

  // A fully connected first layer multiplies every image and every label once, whichever are shown
  // together: that shared product stands for its z (kernels/shared_product.h).
  bool shares_product() const { return !layers.at(0).convolution; }
  int64_t shared_product_rows() const { return 1 + classes + batch; }  // 1: the neutral label
  int64_t rows() const { return shows_in_memory(head) * batch; }
  bool z_is_shared_product(int64_t layer) const { return layer == 0 && shares_product(); }
};

// What learns: layers [first_layer, end_layer), and the head or not. Layers below pass data on.
// A head that learns beside layers needs end_layer to be the number of layers.
struct Stage {
  int64_t first_layer = 0, end_layer = 0;
  bool head = false;

  bool has_layers() const { return first_layer < end_layer; }
  bool has_layer(int64_t l) const { return first_layer <= l && l < end_layer; }
};
inline bool operator<(const Stage& a, const Stage& b) {
  return std::tie(a.first_layer, a.end_layer, a.head) <
         std::tie(b.first_layer, b.end_layer, b.head);
}
inline bool operator==(const Stage& a, const Stage& b) {
  return !(a < b) && !(b < a);
}

// Bits: which rows of a batch.
enum class RowClass { none = 0, positive = 1, negative = 2, learning = 3, neutral = 4, all = 7 };

inline constexpr Named<RowClass> kRowClasses[] = {
    {"none", RowClass::none},         {"positive", RowClass::positive},
    {"negative", RowClass::negative}, {"learning", RowClass::learning},
    {"neutral", RowClass::neutral},   {"all", RowClass::all}};

constexpr RowClass operator|(RowClass a, RowClass b) {
  return RowClass(int(a) | int(b));
}
constexpr RowClass operator&(RowClass a, RowClass b) {
  return RowClass(int(a) & int(b));
}
constexpr bool overlap(RowClass a, RowClass b) {
  return (a & b) != RowClass::none;
}

struct RowRange {
  int64_t first, count;
};

// Where these rows lie in a batch of so many images; they must lie side by side.
RowRange rows_of(RowClass rows, int64_t images);

// In the order in which a step needs them.
enum class TaskKind {
  gather,          // images of the batch, without labels
  draw_labels,     // the wrong labels
  show_labels,     // writes labels into images
  shared_product,  // images and labels, apart, times the first layer's weights
  forward,         // matmul or convolution
  goodness,        // and the loss's gradient, running figures, the next layer's input
  gradient,        // peer normalisation; of the weights; column sums for the biases
  update,          // of weights and biases
  head_forward,    // logits
  head_learn       // loss, gradient and update
};

inline constexpr Named<TaskKind> kTaskKinds[] = {{"gather", TaskKind::gather},
                                                 {"draw labels", TaskKind::draw_labels},
                                                 {"show labels", TaskKind::show_labels},
                                                 {"shared product", TaskKind::shared_product},
                                                 {"forward", TaskKind::forward},
                                                 {"goodness", TaskKind::goodness},
                                                 {"gradient", TaskKind::gradient},
                                                 {"update", TaskKind::update},
                                                 {"head forward", TaskKind::head_forward},
                                                 {"head learn", TaskKind::head_learn}};

enum class BufferKind {
  images,
  wrong_labels,
  shown,           // labels, or images with labels
  shared_product,  // of images, labels and the first layer's weights
  z,
  activities,  // only if they are not handed on as they are
  next,        // what is handed on
  figures,     // goodness and length of rows
  scratch,
  gradient,
  weights,
  peer_mean,
  running,  // figures of rows, added up from step to step
  logits,
  head_scratch,
  head_weights,
  head_running
};

struct PlanBuffer {
  BufferKind kind;
  std::string name;
  int64_t bytes;      // of one slot
  int64_t slots = 1;  // batches whose content it holds at the same time
  bool carried;       // from step to step, and there when the plan starts: weights, running figures
  int64_t layer;      // the first of those that share it; -1: none
};

// A part of a buffer.
struct PlanAccess {
  int64_t buffer, slot;
  RowClass rows;
};

struct PlanTask {
  TaskKind kind;
  int64_t layer;  // -1: none
  int64_t step;   // the one that learns from the batch that this task works on
  RowClass rows;  // of that batch
  int64_t lane;
  std::vector<PlanAccess> reads, writes;  // in place: both
  std::vector<int64_t> after;             // tasks of other lanes that must have ended, ascending
};

struct Plan {
  PlanShape shape;
  Stage stage;
  int64_t steps;
  int64_t depth;  // batches that learning may have in flight at the same time
  int64_t lag;    // batches that labels are drawn ahead
  bool kept;      // what reaches the layers that learn is there when the plan starts
  std::vector<std::string> lanes;
  // Lanes of the stage's plans, with or without the tasks that a kept input saves. Threads are
  // divided by it, so that both have the same bits.
  int64_t most_lanes = 0;
  std::vector<PlanBuffer> buffers;
  std::vector<PlanTask> tasks;

  // Of all buffers; no more than an int64_t holds.
  int64_t bytes() const;
  // Of those that are the network's own, whether it plays the plan or not.
  int64_t network_bytes() const;
  // Whether a goodness task has losses and their gradients to make.
  bool learns(const PlanTask& task) const {
    return overlap(task.rows, RowClass::learning) && stage.has_layer(task.layer);
  }
  // Whether somebody reads what it makes for the next layer.
  bool hands_on(const PlanTask& task) const {
    return !learns(task) || task.layer + 1 < stage.end_layer ||
           (stage.head && overlap(task.rows, RowClass::neutral));
  }
  // Whether it keeps its activities: to hand them on, or for peer normalisation.
  bool keeps_activities(const PlanTask& task) const {
    return hands_on(task) || shape.peer_normalisation;
  }
  const PlanBuffer* find(BufferKind kind, int64_t layer = -1) const;
};

}  // namespace ffwd
