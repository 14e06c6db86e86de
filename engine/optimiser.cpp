#include "engine/optimiser.h"

#include <cmath>

namespace ffwd {

Parameter::Parameter(Device& device, int64_t rows, int64_t cols, OptimiserKind kind,
                     DType operand_type)
    : device_(&device), value_(device, rows, cols), gradient_(device, rows, cols) {
  state_[0] = Matrix(device, rows, cols);
  if (kind == OptimiserKind::adam) state_[1] = Matrix(device, rows, cols);
  if (operand_type != DType::f32) operand_ = Matrix(device, rows, cols, operand_type);
  operand_view_ = operand_type == DType::f32 ? value_.view() : operand_.view();
}

void Parameter::upload(const std::vector<float>& host) {
  value_.upload(host);
  // A step of size zero: it writes the operand and leaves weights and state as they are.
  device_->momentum_update({value_.elements<float>(), state_[0].elements<float>(),
                            gradient_.elements<float>(),
                            /*learning_rate=*/0.0f, /*momentum=*/1.0f, /*weight_decay=*/0.0f,
                            operand_.elements<bfloat16>()});
}

void Parameter::update(Device& lane, const Optimiser& optimiser, float rate_factor) {
  ++steps_;
  const auto weight = value_.elements<float>(), state = state_[0].elements<float>();
  const auto gradient = gradient_.elements<float>();
  const auto operand = operand_.elements<bfloat16>();
  const float rate = rate_factor * optimiser.learning_rate;
  switch (optimiser.kind) {
    case OptimiserKind::momentum:
      lane.momentum_update(
          {weight, state, gradient, rate, optimiser.momentum, optimiser.weight_decay, operand});
      break;
    case OptimiserKind::adam: {
      const double t = double(steps_);
      lane.adam_update({weight, state, state_[1].elements<float>(), gradient, rate, optimiser.beta1,
                        optimiser.beta2, optimiser.eps, optimiser.weight_decay,
                        float(1.0 - std::pow(double(optimiser.beta1), t)),
                        float(1.0 - std::pow(double(optimiser.beta2), t)), operand});
      break;
    }
  }
}

}  // namespace ffwd
