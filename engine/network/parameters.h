// What a layer learns: its weights, and biases if it has any; and the rule that updates them.
#pragma once

#include "engine/device/buffer.h"
#include "kernels/step_values.h"

namespace ffwd {

enum class OptimiserKind { momentum, adam };

// Numbers that it keeps for each weight.
constexpr int64_t states_of(OptimiserKind kind) {
  switch (kind) {
    case OptimiserKind::momentum:
      return 1;  // velocity
    case OptimiserKind::adam:
      return 2;  // m, v
  }
  fail(__FILE__, __LINE__, "unknown optimiser");
}

// How parameters follow gradients: kernels/momentum_update.h, kernels/adam_update.h.
struct Optimiser {
  OptimiserKind kind = OptimiserKind::momentum;
  float learning_rate = 0.01f;
  float weight_decay = 0.0f;  // pulls weights to zero, not biases
  float momentum = 0.9f;
  float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
};

// fp32 weights (units, inputs) and biases (units) with their optimiser's state, and the operand that
// matmuls read: the weights themselves, or their bf16 copy. Biases stand behind the weights, so that
// one launch updates all; so they do in a gradient, whose memory its user brings, with zeros for
// the padding.
class Parameters {
 public:
  enum class Biases { none, one_a_unit };
  Parameters(Device& device, int64_t units, int64_t inputs, Biases biases, OptimiserKind kind,
             DType operand_type);

  int64_t units() const { return units_; }
  int64_t inputs() const { return inputs_; }

  ConstMatrixView operand() const;
  VectorView<const float> bias() const;
  int64_t gradient_size() const { return values_.size(); }
  MatrixView weight_gradient(VectorView<float> gradient) const;
  VectorView<float> bias_gradient(VectorView<float> gradient) const;

  // On the host, without padding; without biases `biases` is empty.
  std::vector<float> weights() const;
  std::vector<float> biases() const;
  void upload(const std::vector<float>& weights, const std::vector<float>& biases);

  // All that updates change, with padding: the values, then the optimiser's state. Whoever replaces
  // the values calls round_operand() then.
  std::vector<Vector<float>*> state();
  void round_operand();

  // One step along the gradient.
  void update(Device& lane, const Optimiser& optimiser, VectorView<const StepValues> step,
              VectorView<const float> gradient);

 private:
  int64_t weight_count() const { return units_ * padded_columns(inputs_); }

  int64_t units_, inputs_, bias_count_;
  Vector<float> values_;
  std::vector<Vector<float>> states_;
  Vector<bfloat16> operand_;  // empty: the weights themselves
};

}  // namespace ffwd
