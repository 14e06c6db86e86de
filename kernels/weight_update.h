// What the updates of all optimisers work on. Biases stand behind the weights; they are not decayed,
// and not cast to the matmul's element type.
//
// Shapes:   weight, gradient (n), fp32, the last `biases` of them biases; operand (n - biases), bf16,
//           the weights rounded, or absent; step (1), memory of the device.
#pragma once

#include <initializer_list>

#include "kernels/step_values.h"
#include "kernels/view.h"

namespace ffwd {

struct WeightUpdate {
  VectorView<float> weight;
  VectorView<const float> gradient;
  int64_t biases;
  float learning_rate, weight_decay;
  VectorView<const StepValues> step;
  VectorView<bfloat16> operand;
};

// Throws ffwd::Error if these shapes, or that of a state, break the contract.
inline void check_update(const WeightUpdate& a, std::initializer_list<VectorView<float>> states) {
  const int64_t n = a.weight.size;
  FFWD_EXPECT(a.gradient.size == n, "gradient needs an entry a weight");
  for (const VectorView<float>& state : states) {
    FFWD_EXPECT(state.size == n, "the optimiser's state needs an entry a weight");
  }
  FFWD_EXPECT(a.biases >= 0 && a.biases <= n, "biases are the last of the weights");
  FFWD_EXPECT(a.operand.data == nullptr || a.operand.size == n - a.biases,
              "operand needs an entry a weight that is no bias");
  FFWD_EXPECT(a.step.size == 1, "an update belongs to one step");
}

}  // namespace ffwd
