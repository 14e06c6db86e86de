#include "kernels/launch.cuh"
#include "kernels/softmax_loss.h"

namespace ffwd {
namespace {

constexpr int kThreads = 128;

// One thread a row: there are few classes, and few rows next to the layers' work.
template <typename T>
__global__ void __launch_bounds__(kThreads) softmax_loss_kernel(SoftmaxLoss a) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= a.logits.rows) return;
  const int64_t classes = a.logits.cols;
  const float* row = a.logits.row<float>(i);
  const auto logit = [&](int64_t k) { return biased_logit(a, row, k); };
  T* dlogits = a.dlogits.row<T>(i);
  const int32_t label = a.label.data[i];
  float top = -INFINITY, total = 0.0f;
  for (int64_t k = 0; k < classes; ++k) top = logit(k) > top ? logit(k) : top;
  for (int64_t k = 0; k < classes; ++k) total += expf(logit(k) - top);
  a.running.data[i] += (logf(total) - (logit(label) - top)) / float(a.logits.rows);
  for (int64_t k = 0; k < classes; ++k) {
    const float p = expf(logit(k) - top) / total;
    store(dlogits[k], (p - (k == label ? 1.0f : 0.0f)) / float(a.logits.rows));
  }
}

}  // namespace

namespace cuda {

void softmax_loss(const SoftmaxLoss& a, Stream stream) {
  check(a);
  with_dtype(a.dlogits.dtype, [&](auto zero) {
    launch(softmax_loss_kernel<decltype(zero)>, dim3(blocks_for(a.logits.rows, kThreads)),
           dim3(kThreads), 0, stream, a);
  });
}

}  // namespace cuda
}  // namespace ffwd
