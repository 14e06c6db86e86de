#include "bench/unfused_step_of.h"

namespace ffwd::bench {
namespace {

struct CpuOps {
  template <typename F>
  static void map(Device&, int64_t rows, int64_t cols, F f) {
    if (rows == 1) {
#pragma omp parallel for simd schedule(static)
      for (int64_t j = 0; j < cols; ++j) f(0, j);
      return;
    }
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < rows; ++i) {
#pragma omp simd
      for (int64_t j = 0; j < cols; ++j) f(i, j);
    }
  }

  template <typename F>
  static void sum_rows(Device&, int64_t rows, int64_t cols, float* out, F f) {
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < rows; ++i) {
      float sum = 0.0f;
#pragma omp simd reduction(+ : sum)
      for (int64_t j = 0; j < cols; ++j) sum += f(i, j);
      out[i] = sum;
    }
  }
};

}  // namespace

std::unique_ptr<UnfusedStep> make_unfused_step_cpu(Device& device, const Network& network,
                                                   const Recipe& recipe,
                                                   const UnfusedBatch& batch) {
  return std::make_unique<UnfusedStepOf<CpuOps>>(device, network, recipe, batch);
}

std::unique_ptr<UnfusedStep> make_unfused_step(Device& device, const Network& network,
                                               const Recipe& recipe, const UnfusedBatch& batch) {
  return device.queues() ? make_unfused_step_cuda(device, network, recipe, batch)
                         : make_unfused_step_cpu(device, network, recipe, batch);
}

#ifndef FFWD_HAVE_CUDA
std::unique_ptr<UnfusedStep> make_unfused_step_cuda(Device&, const Network&, const Recipe&,
                                                    const UnfusedBatch&) {
  throw Error("this program was built without CUDA");
}
#endif

}  // namespace ffwd::bench
