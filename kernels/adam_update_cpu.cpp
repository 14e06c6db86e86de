#include "kernels/adam_update.h"

#include "kernels/weight_update_cpu.h"

namespace ffwd {

void check(const AdamUpdate& a) {
  const int64_t n = a.weight.size;
  FFWD_EXPECT(a.m.size == n && a.v.size == n && a.gradient.size == n,
              "m, v and gradient need an entry a weight");
  FFWD_EXPECT(a.biases >= 0 && a.biases <= n, "biases are the last of the weights");
  FFWD_EXPECT(a.operand.data == nullptr || a.operand.size == n - a.biases,
              "operand needs an entry a weight that is no bias");
  FFWD_EXPECT(a.step.size == 1, "an update belongs to one step");
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
