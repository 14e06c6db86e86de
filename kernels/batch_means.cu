#include "kernels/batch_means.h"
#include "kernels/reduce.cuh"

namespace ffwd {
namespace {

// The mean of `count` values, known to every thread of the one block.
__device__ float mean(const float* value, int64_t count, float* slots) {
  float sum = 0.0f;
  for (int64_t i = threadIdx.x; i < count; i += blockDim.x) sum += value[i];
  sum = row_sum(sum, slots);
  return count > 0 ? sum / float(count) : 0.0f;
}

// One block: thread t takes values t, t + blockDim.x, ..., then the threads are added up in a fixed
// order.
__global__ void __launch_bounds__(kRowBlockThreads) batch_means_kernel(BatchMeans a) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const float loss = mean(a.loss.data, a.loss.size, slots);
  if (threadIdx.x == 0) a.total.data[0] += loss;
  if (a.goodness.data == nullptr) return;
  const float positive = mean(a.goodness.data, a.positive_rows, slots);
  const float negative = mean(a.goodness.data + a.positive_rows, a.negative_rows, slots);
  if (threadIdx.x == 0) {
    a.total.data[1] += positive;
    a.total.data[2] += negative;
  }
}

}  // namespace

namespace cuda {

void batch_means(const BatchMeans& a, Stream stream) {
  check(a);
  launch(batch_means_kernel, dim3(1), dim3(kRowBlockThreads), 0, stream, a);
}

}  // namespace cuda
}  // namespace ffwd
