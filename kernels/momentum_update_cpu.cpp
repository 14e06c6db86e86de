#include "kernels/momentum_update.h"

namespace ffwd {

void check(const MomentumUpdate& a) {
  const int64_t n = a.weight.size;
  FFWD_EXPECT(a.velocity.size == n && a.gradient.size == n,
              "velocity and gradient need an entry a weight");
  FFWD_EXPECT(a.biases >= 0 && a.biases <= n, "biases are the last of the weights");
  FFWD_EXPECT(a.operand.data == nullptr || a.operand.size == n - a.biases,
              "operand needs an entry a weight that is no bias");
  FFWD_EXPECT(a.step.size == 1, "an update belongs to one step");
}

namespace cpu {

void momentum_update(const MomentumUpdate& a, Stream) {
  check(a);
  float* weight = a.weight.data;
  float* velocity = a.velocity.data;
  const float* gradient = a.gradient.data;
  const StepValues step = a.step.data[0];
  const auto update = [&](int64_t first, int64_t end, float decay, auto copy) {
#pragma omp parallel for simd schedule(static)
    for (int64_t i = first; i < end; ++i) {
      momentum_step(a, step, decay, gradient[i], velocity[i], weight[i]);
      copy(i);
    }
  };
  const auto copy_nothing = [](int64_t) {};
  const int64_t biases = a.weight.size - a.biases;  // where they begin
  if (bfloat16* operand = a.operand.data) {
    update(0, biases, a.weight_decay, [=](int64_t i) { store(operand[i], weight[i]); });
  } else {
    update(0, biases, a.weight_decay, copy_nothing);
  }
  update(biases, a.weight.size, 0.0f, copy_nothing);
}

}  // namespace cpu
}  // namespace ffwd
