#include "kernels/momentum_update.h"

#include "kernels/weight_update_cpu.h"

namespace ffwd {

void check(const MomentumUpdate& a) {
  check_update(a, {a.velocity});
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
