#include "host/plan_cost.h"

#include <algorithm>

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
  // One of the parameters: fp32 weights, state and gradient, and the copy that matmuls read.
  void update(double weights, bool operand) {
    const double read = kFloat * double(2 + shape_.optimiser_states);
    const double written = kFloat * double(1 + shape_.optimiser_states);
    kernel(weights * (read + written + (operand && element_ < kFloat ? element_ : 0)));
  }
  void forward(const PlanLayer& layer, bool shared, double rows);
  void gradient(const PlanLayer& layer, bool shared, double rows);
  void head(bool learn);

  const Plan& plan_;
  const PlanShape& shape_;
  double element_;
  TaskCost cost_;
};

void Counter::forward(const PlanLayer& layer, bool shared, double rows) {
  const double places = double(layer.places), units = double(layer.units);
  if (!shared) return matmul(rows * places, double(layer.inputs), units, element_);
  matmul(rows, double(shape_.label_values), units, element_);
  kernel((2 * rows + double(shape_.batch)) * units * element_);  // spread_rows
}

void Counter::gradient(const PlanLayer& layer, bool shared, double rows) {
  const double batch = double(shape_.batch), places = double(layer.places);
  const double units = double(layer.units), inputs = double(layer.inputs);
  if (shape_.peer_normalisation) {
    kernel(batch * places * units * element_, 2);      // column_sum
    kernel(2 * batch * places * units * element_, 2);  // peer_normalise
  }
  if (shared) {
    kernel((rows + batch) * units * element_);  // fold_rows
    matmul(units, batch, inputs, kFloat);
    matmul(units, rows, double(shape_.label_values), kFloat);
  } else {
    matmul(units, rows * places, inputs, kFloat);
  }
  kernel(rows * places * units * element_, 2);  // column_sum
}

void Counter::head(bool learn) {
  const double batch = double(shape_.batch), classes = double(shape_.classes);
  if (learn) {
    kernel(batch * classes * (kFloat + element_));  // softmax_loss
    kernel(batch * kFloat);                         // batch_means
  }
  for (size_t l = size_t(shape_.first_read_layer); l < shape_.layers.size(); ++l) {
    const double values = double(shape_.layers[l].outputs());
    if (learn) {
      matmul(classes, batch, values, kFloat);
      update(classes * values, /*operand=*/true);
    } else {
      matmul(batch, values, classes, kFloat);
    }
  }
}

TaskCost Counter::count(const PlanTask& task) {
  const double batch = double(shape_.batch), classes = double(shape_.classes);
  const double learning = overlap(task.rows, RowClass::learning) ? 2 * batch : 0;
  const double rows = learning + (overlap(task.rows, RowClass::neutral) ? batch : 0);
  const bool shared = task.layer == 0 && shape_.shares_product();
  const double values = double(shape_.image_values);
  const PlanLayer layer = task.layer < 0 ? PlanLayer{} : shape_.layers[size_t(task.layer)];
  const double outputs = double(layer.outputs());
  switch (task.kind) {
    case TaskKind::gather:
      kernel(batch * values * (1 + element_));
      break;
    case TaskKind::draw_labels:
      kernel(batch * kFloat * (3 + (shape_.labels_from_head ? classes : 0)));
      break;
    case TaskKind::show_labels:
      if (shape_.shares_product()) {
        kernel(rows * (double(shape_.label_values) * element_ + 3 * kFloat));
      } else {
        kernel(2 * rows * values * element_);
      }
      break;
    case TaskKind::product:
      matmul(batch, values, outputs, element_);
      break;
    case TaskKind::forward:
      forward(layer, shared, rows);
      break;
    case TaskKind::rows:
      kernel((2 * rows + (plan_.learns(task) ? learning : 0)) * outputs * element_);
      break;
    case TaskKind::metrics:
      kernel(2 * learning * kFloat);
      break;
    case TaskKind::gradient:
      gradient(layer, shared, learning);
      break;
    case TaskKind::update:
      update(double(layer.units * layer.inputs), true);
      update(double(layer.units), false);
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
