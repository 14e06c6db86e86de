// The loop that every optimiser shares on the CPU: kernels/weight_update.cuh on a GPU.
#pragma once

#include "kernels/weight_update.h"

namespace ffwd {

// Has `rule(i, decay)` update weight i, and copies it to the matmul's bf16 operand, if there is one.
template <typename Rule>
void update_weights(const WeightUpdate& args, Rule rule) {
  const int64_t first_bias = args.weight.size - args.biases;
  const auto update = [&](int64_t first, int64_t end, float decay, auto copy) {
#pragma omp parallel for simd schedule(static)
    for (int64_t i = first; i < end; ++i) {
      rule(i, decay);
      copy(i);
    }
  };
  const auto copy_nothing = [](int64_t) {};
  if (bfloat16* operand = args.operand.data) {
    const float* weight = args.weight.data;
    update(0, first_bias, args.weight_decay, [=](int64_t i) { store(operand[i], weight[i]); });
  } else {
    update(0, first_bias, args.weight_decay, copy_nothing);
  }
  update(first_bias, args.weight.size, 0.0f, copy_nothing);
}

}  // namespace ffwd
