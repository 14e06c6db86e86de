#include "kernels/momentum_update.h"

#include "kernels/weight_update_cpu.h"

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
  update_weights(a, [=](int64_t i, float decay) {
    momentum_step(a, step, decay, gradient[i], velocity[i], weight[i]);
  });
}

}  // namespace cpu
}  // namespace ffwd
