#include "kernels/adam_update.h"
#include "kernels/weight_update.cuh"

namespace ffwd {
namespace {

struct AdamRule {
  static constexpr int kStates = 2;
  AdamUpdate a;
  __device__ void operator()(const StepValues& step, float decay, float gradient, float (&state)[2],
                             float& weight) const {
    adam_step(a, step, decay, gradient, state[0], state[1], weight);
  }
};

}  // namespace

namespace cuda {

void adam_update(const AdamUpdate& a, Stream stream) {
  check(a);
  launch_weight_update(AdamRule{a}, {{a.m, a.v}}, stream);
}

}  // namespace cuda
}  // namespace ffwd
