#include "kernels/momentum_update.h"
#include "kernels/weight_update.cuh"

namespace ffwd {
namespace {

struct MomentumRule {
  static constexpr int kStates = 1;
  MomentumUpdate a;
  __device__ void operator()(const StepValues& step, float decay, float gradient, float (&state)[1],
                             float& weight) const {
    momentum_step(a, step, decay, gradient, state[0], weight);
  }
};

}  // namespace

namespace cuda {

void momentum_update(const MomentumUpdate& a, Stream stream) {
  check(a);
  launch_weight_update(MomentumRule{a}, {{a.velocity}}, stream);
}

}  // namespace cuda
}  // namespace ffwd
