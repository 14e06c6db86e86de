#include "host/plan/plan_cost.h"

#include <algorithm>

#include "kernels/column_sum.h"
#include "kernels/running_figures.h"

namespace ffwd {
namespace {

constexpr double kFloat = 4;  // bytes

class Counter {
 public:
  explicit Counter(const Plan& plan)
      : plan_(plan), shape_(plan.shape), element_(double(plan.shape.activation_bytes)) {}

  TaskCost count(const PlanTask& task);

 private:
  // A kernel of ours that moves so many bytes.
  void kernel(double bytes, int64_t launches = 1) {
    cost_.bytes += bytes;
    cost_.launches += launches;
  }
  // (m, k) times (k, n), with bytes for each element of the result.
  void matmul(double m, double k, double n, double result) {
    cost_.flops += 2 * m * k * n;
    kernel((m * k + k * n) * element_ + m * n * result);
  }
  // Over activities, or what has their shape, of so many images.
  void column_sum(const LayerShape& layer, double images) {
    const double pixels = images * double(layer.pixels());
    kernel(pixels * double(layer.units) * element_, column_sum_launches(int64_t(pixels)));
  }
  // fp32 weights and biases, state and gradient, and the copy of the weights that matmuls read.
  void update(double weights, double biases) {
    const double read = kFloat * double(2 + shape_.optimiser_states);
    const double written = kFloat * double(1 + shape_.optimiser_states);
    kernel((weights + biases) * (read + written) + (element_ < kFloat ? weights * element_ : 0));
  }
  void convolution(const LayerShape& layer, double rows, double weight_bytes);
  void forward(const LayerShape& layer, double rows);
  void goodness(const PlanTask& task, const LayerShape& layer, double rows, double learning);
  void gradient(const LayerShape& layer, bool shared, double rows);
  void head(bool learn);

  const Plan& plan_;
  const PlanShape& shape_;
  double element_;
  TaskCost cost_;
};

// Either way: the images below and those above are read or written once, and so are the weights.
void Counter::convolution(const LayerShape& layer, double rows, double weight_bytes) {
  const ConvolutionShape& c = *layer.convolution;
  const double above = rows * double(layer.pixels() * layer.units);
  cost_.flops += 2 * above * double(layer.fan_in());
  kernel((rows * double(c.input.values()) + above) * element_ +
         double(layer.units * layer.inputs) * weight_bytes);
}

void Counter::forward(const LayerShape& layer, double rows) {
  if (layer.convolution) return convolution(layer, rows, element_);
  matmul(rows, double(layer.inputs), double(layer.units), element_);
}

void Counter::goodness(const PlanTask& task, const LayerShape& layer, double rows,
                       double learning) {
  const double pixels = double(layer.pixels()), units = double(layer.units);
  const double activities = rows * pixels * units * element_;
  const double z = shape_.z_is_shared_product(task.layer)
                       ? double(shape_.shared_product_rows()) * units * element_
                       : activities;
  const double gradient = plan_.learns(task) ? learning * pixels * units * element_ : 0;
  const bool of_pixels = shape_.goodness_of_pixels || layer.pixels() == 1;
  const bool whole = layer.pixels() > 1 && (!of_pixels || !plan_.learns(task));
  const double running = plan_.learns(task) ? 2 * double(sizeof(RunningFigures)) * learning : 0;
  const double kept = plan_.keeps_activities(task) ? activities : 0;
  const double folded = shape_.z_is_shared_product(task.layer) ? gradient / 2 : 0;
  kernel(z + kept + (of_pixels ? gradient + folded + pixels * running : 0));  // goodness_rows
  if (whole) kernel(rows * (pixels + 1) * kFloat + running);                  // image_goodness
  if (whole && plan_.learns(task)) kernel(2 * gradient);                      // goodness_gradient
  if (!plan_.hands_on(task) || layer.normalises_at_once()) return;
  const double next = rows * double(layer.pooled_pixels()) * units * element_;
  if (layer.pool) kernel(activities + next);
  kernel(2 * next);  // normalise_rows
}

void Counter::gradient(const LayerShape& layer, bool shared, double rows) {
  const double batch = double(shape_.batch), units = double(layer.units);
  const double activities = double(layer.pixels()) * units * element_;  // of a row
  if (shape_.peer_normalisation) {
    column_sum(layer, batch);                          // of the positive rows
    kernel((shared ? 4 : 2) * batch * activities, 2);  // peer_normalise
  }
  if (shared) {
    matmul(units, batch, double(layer.inputs), kFloat);
    matmul(units, rows, double(shape_.classes * shape_.image.channels), kFloat);
  } else if (layer.convolution) {
    convolution(layer, rows, kFloat);
  } else {
    matmul(units, rows, double(layer.inputs), kFloat);
  }
  if (layer.convolves()) {
    column_sum(layer, rows);  // else the sums come with a matmul
  }
}

void Counter::head(bool learn) {
  const double batch = double(shape_.batch), classes = double(shape_.classes);
  if (learn) {
    kernel(batch * classes * (kFloat + element_));  // softmax_loss
  }
  for (size_t l = size_t(shape_.first_read_layer); l < shape_.layers.size(); ++l) {
    const double values = double(shape_.layers[l].pooled_pixels() * shape_.layers[l].units);
    if (learn) {
      matmul(classes, batch, values, kFloat);
      update(classes * values, 0);
    } else {
      matmul(batch, values, classes, kFloat);
    }
  }
}

TaskCost Counter::count(const PlanTask& task) {
  const double batch = double(shape_.batch), classes = double(shape_.classes);
  const double rows = double(rows_of(task.rows, shape_.batch).count);
  const double learning = double(rows_of(task.rows & RowClass::learning, shape_.batch).count);
  const bool shared = shape_.z_is_shared_product(task.layer);
  const double values = double(shape_.image.values());
  const LayerShape layer = task.layer < 0 ? LayerShape{} : shape_.layers[size_t(task.layer)];
  switch (task.kind) {
    case TaskKind::gather:
      kernel(batch * values * (1 + element_));
      break;
    case TaskKind::draw_labels:
      kernel(batch * kFloat * (3 + (shape_.labels_from_head ? classes : 0)));
      break;
    case TaskKind::show_labels:
      if (shape_.shares_product()) {
        kernel(rows * (classes * double(shape_.image.channels) * element_ + 3 * kFloat));
      } else {
        kernel(2 * rows * values * element_);
      }
      break;
    case TaskKind::shared_product:
      matmul(double(shape_.shared_product_rows()), values, double(layer.units), element_);
      break;
    case TaskKind::forward:
      forward(layer, rows);
      break;
    case TaskKind::goodness:
      goodness(task, layer, rows, learning);
      break;
    case TaskKind::gradient:
      gradient(layer, shared, learning);
      break;
    case TaskKind::update:
      update(double(layer.units * layer.inputs), double(layer.units));
      break;
    case TaskKind::head_forward:
      head(false);
      break;
    case TaskKind::head_learn:
      head(true);
      break;
  }
  return cost_;
}

}  // namespace

TaskCost cost_of(const Plan& plan, const PlanTask& task) {
  return Counter(plan).count(task);
}

DeviceRates h200_rates(Precision precision) {
  constexpr double kBytes = 4.3e12, kLaunch = 2e-6;
  switch (precision) {
    case Precision::fp32:
      return {55e12, kBytes, kLaunch};
    case Precision::tf32:
      return {400e12, kBytes, kLaunch};
    case Precision::bf16:
      return {790e12, kBytes, kLaunch};
  }
  fail(__FILE__, __LINE__, "unknown precision");
}

PlanCost cost_of(const Plan& plan, const DeviceRates& rates) {
  PlanCost cost;
  cost.busy.resize(plan.lanes.size());
  std::vector<double> lane_end(plan.lanes.size()), end;
  for (const PlanTask& task : plan.tasks) {
    const TaskCost work = cost_of(plan, task);
    const double seconds =
        std::max(work.flops / rates.flops_per_second, work.bytes / rates.bytes_per_second) +
        double(work.launches) * rates.seconds_per_launch;
    double& free = lane_end[size_t(task.lane)];
    for (const int64_t other : task.after) free = std::max(free, end[size_t(other)]);
    free += seconds;
    end.push_back(free);
    cost.critical_path = std::max(cost.critical_path, free);
    cost.busy[size_t(task.lane)] += seconds;
    cost.serial += seconds;
    cost.total.flops += work.flops;
    cost.total.bytes += work.bytes;
    cost.total.launches += work.launches;
  }
  cost.floor = std::max(cost.total.flops / rates.flops_per_second,
                        cost.total.bytes / rates.bytes_per_second);
  return cost;
}

}  // namespace ffwd
