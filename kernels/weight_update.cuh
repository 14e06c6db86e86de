// The loop that every optimiser shares: read weight, gradient and state once, apply the rule, write
// weight, state and the matmul's bf16 copy once.
#pragma once

#include "kernels/launch.cuh"
#include "kernels/step_values.h"
#include "kernels/vector_access.cuh"

namespace ffwd {

template <int kStates>
struct UpdateArrays {
  float* weight;
  const float* gradient;
  float* state[kStates];
  bfloat16* operand;  // may be null
  int64_t size, biases;
};

inline constexpr int kUpdateThreads = 256;

// Rule: `static constexpr int kStates`, the arguments `a` of its update, and `void operator()(const
//       StepValues& step, float decay, float gradient, float (&state)[kStates], float& weight)`.
// A thread owns kVector<float> neighbouring weights.
template <typename Rule>
__global__ void __launch_bounds__(kUpdateThreads)
    weight_update_kernel(Rule rule, UpdateArrays<Rule::kStates> a, bool aligned) {
  constexpr int kStates = Rule::kStates, kItems = kVector<float>;
  const int64_t j = (int64_t(blockIdx.x) * kUpdateThreads + threadIdx.x) * kItems;
  if (j >= a.size) return;
  const int64_t first_bias = a.size - a.biases;
  const StepValues step = *rule.a.step.data;

  float weight[kItems], gradient[kItems], state[kStates][kItems];
  load_vector(a.weight, j, a.size, aligned, weight);
  load_vector(a.gradient, j, a.size, aligned, gradient);
  for (int s = 0; s < kStates; ++s) load_vector(a.state[s], j, a.size, aligned, state[s]);

  for (int k = 0; k < kItems; ++k) {
    float own[kStates];
    for (int s = 0; s < kStates; ++s) own[s] = state[s][k];
    rule(step, j + k < first_bias ? rule.a.weight_decay : 0.0f, gradient[k], own, weight[k]);
    for (int s = 0; s < kStates; ++s) state[s][k] = own[s];
  }

  store_vector(a.weight, j, a.size, aligned, weight);
  for (int s = 0; s < kStates; ++s) store_vector(a.state[s], j, a.size, aligned, state[s]);
  if (a.operand == nullptr) return;
  if (aligned && j + kItems <= first_bias) {
    struct alignas(8) Half {
      bfloat16 element[kItems];
    } half;
    for (int k = 0; k < kItems; ++k) half.element[k] = to_bfloat16(weight[k]);
    *reinterpret_cast<Half*>(a.operand + j) = half;
  } else {
    for (int k = 0; k < kItems && j + k < first_bias; ++k)
      a.operand[j + k] = to_bfloat16(weight[k]);
  }
}

template <typename Rule>
void launch_weight_update(const Rule& rule, const UpdateArrays<Rule::kStates>& a, Stream stream) {
  uintptr_t bits = reinterpret_cast<uintptr_t>(a.weight) | reinterpret_cast<uintptr_t>(a.gradient) |
                   2 * reinterpret_cast<uintptr_t>(a.operand);
  for (const float* state : a.state) bits |= reinterpret_cast<uintptr_t>(state);
  const bool aligned = bits % 16 == 0;
  const unsigned blocks = blocks_for(a.size, int64_t(kUpdateThreads) * kVector<float>);
  launch(weight_update_kernel<Rule>, dim3(blocks), dim3(kUpdateThreads), stream, rule, a, aligned);
}

}  // namespace ffwd
