#include "kernels/momentum_update.h"

namespace ffwd {

void check(const MomentumUpdate& a) {
  const int64_t n = a.weight.size;
  FFWD_EXPECT(a.velocity.size == n && a.gradient.size == n,
              "velocity and gradient need an entry a weight");
  FFWD_EXPECT(a.operand.data == nullptr || a.operand.size == n, "operand needs an entry a weight");
}

namespace cpu {

void momentum_update(const MomentumUpdate& a, Stream) {
  check(a);
  float* weight = a.weight.data;
  float* velocity = a.velocity.data;
  const float* gradient = a.gradient.data;
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < a.weight.size; ++i) {
    momentum_step(a, gradient[i], velocity[i], weight[i]);
  }
  if (a.operand.data == nullptr) return;
  for (int64_t i = 0; i < a.weight.size; ++i) store(a.operand.data[i], weight[i]);
}

}  // namespace cpu
}  // namespace ffwd
