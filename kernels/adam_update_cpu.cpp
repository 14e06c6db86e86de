#include "kernels/adam_update.h"

namespace ffwd {

void check(const AdamUpdate& a) {
  const int64_t n = a.weight.size;
  FFWD_EXPECT(a.m.size == n && a.v.size == n && a.gradient.size == n,
              "m, v and gradient need an entry a weight");
  FFWD_EXPECT(a.operand.data == nullptr || a.operand.size == n, "operand needs an entry a weight");
}

namespace cpu {

void adam_update(const AdamUpdate& a, Stream) {
  check(a);
  float* weight = a.weight.data;
  float* m = a.m.data;
  float* v = a.v.data;
  const float* gradient = a.gradient.data;
#pragma omp parallel for simd schedule(static)
  for (int64_t i = 0; i < a.weight.size; ++i) adam_step(a, gradient[i], m[i], v[i], weight[i]);
  if (a.operand.data == nullptr) return;
  for (int64_t i = 0; i < a.weight.size; ++i) store(a.operand.data[i], weight[i]);
}

}  // namespace cpu
}  // namespace ffwd
