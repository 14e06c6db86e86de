// A trainable matrix and the rule that updates it.
#pragma once

#include "engine/buffer.h"

namespace ffwd {

enum class OptimiserKind { momentum, adam };

// How weights follow gradients: kernels/momentum_update.h, kernels/adam_update.h.
struct Optimiser {
  OptimiserKind kind = OptimiserKind::momentum;
  float learning_rate = 0.01f;
  float weight_decay = 0.0f;
  float momentum = 0.9f;
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
};

// fp32 weights with their gradient and optimiser state, and the operand that matmuls read: the
// weights themselves, or their bf16 copy.
class Parameter {
 public:
  Parameter(Device& device, int64_t rows, int64_t cols, OptimiserKind kind, DType operand_type);

  const Matrix& value() const { return value_; }
  MatrixView gradient() const { return gradient_.view(); }
  ConstMatrixView operand() const { return operand_view_; }

  // Host memory is (rows, cols). Sets the operand too.
  void upload(const std::vector<float>& host);

  // One step along the gradient; `rate_factor` scales the learning rate.
  void update(Device& lane, const Optimiser& optimiser, float rate_factor);

 private:
  Device* device_;
  Matrix value_, gradient_, state_[2], operand_;
  ConstMatrixView operand_view_;
  int64_t steps_ = 0;
};

}  // namespace ffwd
