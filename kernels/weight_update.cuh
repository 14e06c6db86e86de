// The loop that every optimiser shares: read weight, gradient and state once, apply the rule, write
// weight, state and the matmul's bf16 copy once.
#pragma once

#include "kernels/launch.cuh"
#include "kernels/vector_access.cuh"
#include "kernels/weight_update.h"

namespace ffwd {

// The optimiser's numbers for each weight.
template <int kStates>
struct UpdateStates {
  VectorView<float> of[kStates];
};

inline constexpr int kUpdateThreads = 256;

// Rule: `static constexpr int kStates`, the arguments `a` of its update, and `void operator()(const
//       StepValues& step, float decay, float gradient, float (&state)[kStates], float& weight)`.
// A thread owns kVector<float> neighbouring weights.
template <typename Rule>
__global__ void __launch_bounds__(kUpdateThreads)
    weight_update_kernel(Rule rule, UpdateStates<Rule::kStates> states, bool aligned) {
  constexpr int kStates = Rule::kStates, kItems = kVector<float>;
  const WeightUpdate& a = rule.a;
  const int64_t j = (int64_t(blockIdx.x) * kUpdateThreads + threadIdx.x) * kItems;
  const int64_t size = a.weight.size, first_bias = size - a.biases;
  if (j >= size) return;
  const StepValues step = *a.step.data;

  float weight[kItems], gradient[kItems], state[kStates][kItems];
  load_vector(a.weight.data, j, size, aligned, weight);
  load_vector(a.gradient.data, j, size, aligned, gradient);
  for (int s = 0; s < kStates; ++s) load_vector(states.of[s].data, j, size, aligned, state[s]);

  for (int k = 0; k < kItems; ++k) {
    float own[kStates];
    for (int s = 0; s < kStates; ++s) own[s] = state[s][k];
    rule(step, j + k < first_bias ? a.weight_decay : 0.0f, gradient[k], own, weight[k]);
    for (int s = 0; s < kStates; ++s) state[s][k] = own[s];
  }

  store_vector(a.weight.data, j, size, aligned, weight);
  for (int s = 0; s < kStates; ++s) store_vector(states.of[s].data, j, size, aligned, state[s]);
  bfloat16* operand = a.operand.data;
  if (operand == nullptr) return;
  if (aligned && j + kItems <= first_bias) {
    struct alignas(8) Half {
      bfloat16 element[kItems];
    } half;
    for (int k = 0; k < kItems; ++k) half.element[k] = to_bfloat16(weight[k]);
    *reinterpret_cast<Half*>(operand + j) = half;
  } else {
    for (int k = 0; k < kItems && j + k < first_bias; ++k) {
      operand[j + k] = to_bfloat16(weight[k]);
    }
  }
}

template <typename Rule>
void launch_weight_update(const Rule& rule, const UpdateStates<Rule::kStates>& states,
                          Stream stream) {
  const WeightUpdate& a = rule.a;
  constexpr int kOperandBytes = kVector<float> * int(sizeof(bfloat16));  // that a thread writes
  bool aligned = is_aligned(a.weight) && is_aligned(a.gradient) &&
                 reinterpret_cast<uintptr_t>(a.operand.data) % kOperandBytes == 0;
  for (const VectorView<float>& state : states.of) aligned = aligned && is_aligned(state);
  const unsigned blocks = blocks_for(a.weight.size, int64_t(kUpdateThreads) * kVector<float>);
  launch(weight_update_kernel<Rule>, dim3(blocks), dim3(kUpdateThreads), stream, rule, states,
         aligned);
}

}  // namespace ffwd
