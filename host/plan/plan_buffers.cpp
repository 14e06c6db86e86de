#include "host/plan/plan_buffers.h"

#include "engine/network/layer_places.h"
#include "engine/network/running_sums.h"
#include "host/basics/errors.h"
#include "kernels/running_figures.h"

namespace ffwd {
namespace {

constexpr int64_t kFloat = 4, kInt = 4;  // bytes

// Bytes of a matrix on a device.
int64_t matrix_bytes(int64_t rows, int64_t cols, int64_t element) {
  return rows * padded_columns(cols) * element;
}

int64_t add(Plan& plan, BufferKind kind, const std::string& name, int64_t bytes, int64_t layer) {
  plan.buffers.push_back({kind, name, bytes, 1, false, layer});
  return int64_t(plan.buffers.size()) - 1;
}

int64_t add_carried(Plan& plan, BufferKind kind, const std::string& name, int64_t bytes,
                    int64_t layer) {
  const int64_t place = add(plan, kind, name, bytes, layer);
  plan.buffers.back().carried = true;
  return place;
}

void add_input(Plan& plan, PlanBuffers& b) {
  const PlanShape& s = plan.shape;
  const int64_t rows = s.rows(), element = s.activation_bytes;
  const int64_t pixels = s.image.pixels(), channels = s.image.channels;
  const int64_t shown = s.shares_product()
                            ? matrix_bytes(rows, s.classes * channels, element) + rows * kFloat
                            : matrix_bytes(rows * pixels, channels, element);
  b.images = add(plan, BufferKind::images, "images",
                 matrix_bytes(s.shares_product() ? s.shared_product_rows() : s.batch,
                              pixels * channels, element) +
                     s.batch * kFloat,
                 -1);
  b.wrong_labels = add(plan, BufferKind::wrong_labels, "wrong labels", s.batch * kInt, -1);
  b.shown = add(plan, BufferKind::shown, "shown labels", shown, -1);
  if (s.shares_product()) {
    b.shared_product = add(plan, BufferKind::shared_product, "shared product",
                           matrix_bytes(s.shared_product_rows(), s.layers[0].units, element), 0);
  }
}

// Buffers of earlier layers that hold this one's too; -1: none.
struct Lent {
  int64_t z, next, gradient;
};

PlanBuffers::Layer add_layer(Plan& plan, int64_t l, const Lent& lent) {
  const PlanShape& s = plan.shape;
  const LayerShape& layer = s.layers[size_t(l)];
  const int64_t rows = s.rows(), units = layer.units, pixels = layer.pixels();
  if (rows > kMostNumbers / (pixels * units)) {
    throw UserError(ExitCode::memory, "a batch of " + std::to_string(s.batch) +
                                          " images has more activities in layer " +
                                          std::to_string(l) + " than any memory holds");
  }
  const int64_t activities = matrix_bytes(rows * pixels, units, s.activation_bytes);
  const int64_t pooled = matrix_bytes(rows * layer.pooled_pixels(), units, s.activation_bytes);
  // Goodness of images; length of pixels; if these are several, their goodness, and the slope of
  // the loss of images.
  const int64_t figures = rows * kFloat * (1 + pixels + (pixels > 1 ? pixels + 1 : 0));
  const int64_t weights = matrix_bytes(units, layer.inputs, 1), biases = matrix_bytes(1, units, 1);
  const int64_t operand = s.activation_bytes < kFloat ? s.activation_bytes : 0;
  // Chunks of column sums, the batch's mean and the push of peer normalisation; folded gradients.
  int64_t scratch = (column_sum_scratch(2 * s.batch * pixels, units) + 2 * units) * kFloat;
  if (l == 0 && s.shares_product()) scratch += matrix_bytes(s.batch, units, s.activation_bytes);
  const std::string name = " " + std::to_string(l);
  PlanBuffers::Layer b{};
  b.z = lent.z;
  if (lent.z < 0) b.z = add(plan, BufferKind::z, "z" + name, activities, l);
  b.next = lent.next;
  if (lent.next < 0) b.next = add(plan, BufferKind::next, "next" + name, pooled, l);
  b.activities = b.next;
  if (!layer.normalises_at_once()) {
    b.activities = add(plan, BufferKind::activities, "activities" + name, activities, l);
  }
  b.figures = add(plan, BufferKind::figures, "figures" + name, figures, l);
  b.scratch = add(plan, BufferKind::scratch, "scratch" + name, scratch, l);
  b.gradient = lent.gradient;
  if (lent.gradient < 0) {
    b.gradient = add(plan, BufferKind::gradient, "gradient" + name, (weights + biases) * kFloat, l);
  }
  b.weights =
      add_carried(plan, BufferKind::weights, "weights" + name,
                  (weights + biases) * kFloat * (1 + s.optimiser_states) + weights * operand, l);
  b.peer_mean = add_carried(plan, BufferKind::peer_mean, "peer mean" + name, units * kFloat, l);
  b.running = add_carried(
      plan, BufferKind::running, "running" + name,
      RunningSums<RunningFigures>::bytes(2 * s.batch * (s.goodness_of_pixels ? pixels : 1)), l);
  return b;
}

void add_head(Plan& plan, PlanBuffers& b) {
  const PlanShape& s = plan.shape;
  int64_t weights = 0;
  for (int64_t l = s.first_read_layer; l < int64_t(s.layers.size()); ++l) {
    const LayerShape& layer = s.layers[size_t(l)];
    weights += matrix_bytes(s.classes, layer.pooled_pixels() * layer.units, 1);
  }
  const int64_t operand = s.activation_bytes < kFloat ? s.activation_bytes : 0;
  const int64_t scratch =  // gradients of weights and of logits
      weights * kFloat + matrix_bytes(s.batch, s.classes, s.activation_bytes);
  b.logits = add(plan, BufferKind::logits, "logits", matrix_bytes(s.batch, s.classes, kFloat), -1);
  b.head_scratch = add(plan, BufferKind::head_scratch, "scratch head", scratch, -1);
  b.head_weights = add_carried(plan, BufferKind::head_weights, "weights head",
                               weights * (kFloat * (1 + s.optimiser_states) + operand), -1);
  b.head_running = add_carried(plan, BufferKind::head_running, "running head",
                               RunningSums<float>::bytes(s.batch), -1);
}

}  // namespace

PlanBuffers add_buffers(Plan& plan, bool take_turns) {
  PlanBuffers buffers;
  add_input(plan, buffers);
  const std::vector<LayerShape>& layers = plan.shape.layers;
  const LayerPlaces places = layer_places(layers, take_turns, plan.shape.head);
  for (int64_t l = 0; l < int64_t(layers.size()); ++l) {
    const auto lent = [&](const std::vector<int64_t>& place, int64_t PlanBuffers::Layer::*buffer) {
      const auto other = lender(place, l);
      return other ? buffers.layers[size_t(*other)].*buffer : -1;
    };
    using Layer = PlanBuffers::Layer;
    buffers.layers.push_back(add_layer(plan, l,
                                       {lent(places.z, &Layer::z), lent(places.next, &Layer::next),
                                        lent(places.gradient, &Layer::gradient)}));
  }
  if (plan.shape.head) add_head(plan, buffers);
  return buffers;
}

}  // namespace ffwd
