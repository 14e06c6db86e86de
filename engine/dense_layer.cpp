#include "engine/dense_layer.h"

namespace ffwd {

LayerRows::LayerRows(Device& device, int64_t rows, int64_t units)
    : z(device, rows, units, device.activation_type()),
      next(device, rows, units, device.activation_type()),
      goodness(device, rows),
      loss(device, rows),
      length(device, rows) {}

LayerRows::View LayerRows::view(int64_t first, int64_t count) const {
  return {z.view().row_range(first, count), next.view().row_range(first, count),
          goodness.view().slice(first, count), loss.view().slice(first, count),
          length.view().slice(first, count)};
}

DenseLayer::DenseLayer(Device& device, const LayerShape& shape, const Objective& objective,
                       OptimiserKind optimiser, int64_t max_rows)
    : device_(&device),
      shape_(shape),
      objective_(objective),
      weight_(device, shape.units, shape.inputs, optimiser, device.activation_type()),
      bias_(device, 1, shape.units, optimiser, DType::f32),
      batch_mean_(device, shape.units),
      peer_push_(device, shape.units),
      column_scratch_(device, column_sum_scratch(max_rows, shape.units)),
      totals_(device, 3) {
  constexpr float kInitialMean = 0.5f;  // ffnew.m
  peer_mean_ = Vector<float>(device, std::vector<float>(size_t(shape.units), kInitialMean));
}

GoodnessRows DenseLayer::row_arguments(const LayerRows::View& out) const {
  GoodnessRows rows{};
  rows.z = out.z;
  rows.bias = {static_cast<const float*>(bias_.value().view().data), shape_.units};
  rows.activation = shape_.activation;
  rows.goodness_kind = objective_.goodness;
  rows.threshold = objective_.threshold;
  rows.temperature = objective_.temperature;
  rows.norm = shape_.norm;
  rows.next = out.next;
  rows.goodness = out.goodness;
  return rows;
}

void DenseLayer::forward(const LayerInput& input, const LayerRows::View& out) {
  multiply(*device_, input, weight_, out.z);
  device_->goodness_rows(row_arguments(out));
}

void DenseLayer::learn(const LayerInput& input, const LayerRows::View& out, int64_t positive,
                       int64_t negative, const Optimiser& optimiser, float rate_factor) {
  const int64_t learning = positive + negative;
  const MatrixView dz = out.z.row_range(0, learning);

  multiply(*device_, input, weight_, out.z);

  GoodnessRows rows = row_arguments(out);
  rows.positive_rows = positive;
  rows.negative_rows = negative;
  rows.dz = dz;
  rows.loss = out.loss.slice(0, learning);
  rows.length = out.length;
  device_->goodness_rows(rows);
  device_->batch_means({rows.loss, out.goodness, positive, negative, totals_.view()});

  if (objective_.peer_strength > 0.0f) {
    const ConstMatrixView activities = out.next.row_range(0, positive);
    device_->column_sum({activities, out.length.slice(0, positive), 1.0f / float(positive),
                         batch_mean_.view(), column_scratch_.view()});
    device_->peer_normalise({batch_mean_.view(), objective_.peer_momentum, objective_.peer_strength,
                             peer_mean_.view(), peer_push_.view(), dz.row_range(0, positive)});
  }

  weight_gradient(*device_, input, dz, weight_);
  device_->column_sum({dz,
                       {},
                       1.0f,
                       {static_cast<float*>(bias_.gradient().data), shape_.units},
                       column_scratch_.view()});

  weight_.update(optimiser, rate_factor);
  Optimiser without_decay = optimiser;
  without_decay.weight_decay = 0.0f;  // decay pulls weights to zero, not biases
  bias_.update(without_decay, rate_factor);
}

}  // namespace ffwd
