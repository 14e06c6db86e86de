#include "kernels/adam_update.h"

#include "kernels/weight_update_cpu.h"

namespace ffwd {

void check(const AdamUpdate& a) {
  check_update(a, {a.m, a.v});
}

namespace cpu {

void adam_update(const AdamUpdate& a, Stream) {
  check(a);
  float* weight = a.weight.data;
  float* m = a.m.data;
  float* v = a.v.data;
  const float* gradient = a.gradient.data;
  const StepValues step = a.step.data[0];
  update_weights(a, [=](int64_t i, float decay) {
    adam_step(a, step, decay, gradient[i], m[i], v[i], weight[i]);
  });
}

}  // namespace cpu
}  // namespace ffwd
