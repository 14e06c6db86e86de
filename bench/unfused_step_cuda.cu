#include "bench/unfused_step_of.h"
#include "kernels/launch.cuh"

namespace ffwd::bench {
namespace {

constexpr int kThreads = 256;

constexpr int64_t kMostRows = 65535;  // of a grid

template <typename F>
__global__ void map_kernel(int64_t rows, int64_t cols, F f) {
  const int64_t j = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (j >= cols) return;
  for (int64_t i = blockIdx.y; i < rows; i += gridDim.y) f(i, j);
}

template <typename F>
__global__ void sum_rows_kernel(int64_t cols, float* out, F f) {
  __shared__ float part[kThreads];
  float sum = 0.0f;
  for (int64_t j = threadIdx.x; j < cols; j += kThreads) sum += f(int64_t(blockIdx.x), j);
  part[threadIdx.x] = sum;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();
    if (int(threadIdx.x) < half) part[threadIdx.x] += part[threadIdx.x + half];
  }
  if (threadIdx.x == 0) out[blockIdx.x] = part[0];
}

struct CudaOps {
  template <typename F>
  static void map(Device& device, int64_t rows, int64_t cols, F f) {
    const dim3 grid(blocks_for(cols, kThreads), unsigned(std::min(rows, kMostRows)));
    launch(map_kernel<F>, grid, dim3(kThreads), device.stream(), rows, cols, f);
  }
  template <typename F>
  static void sum_rows(Device& device, int64_t rows, int64_t cols, float* out, F f) {
    launch(sum_rows_kernel<F>, dim3(blocks_for(rows, 1)), dim3(kThreads), device.stream(), cols,
           out, f);
  }
};

}  // namespace

std::unique_ptr<UnfusedStep> make_unfused_step_cuda(Device& device, const Network& network,
                                                    const Recipe& recipe,
                                                    const UnfusedBatch& batch) {
  return std::make_unique<UnfusedStepOf<CudaOps>>(device, network, recipe, batch);
}

}  // namespace ffwd::bench
