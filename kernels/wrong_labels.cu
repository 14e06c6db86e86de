#include "kernels/launch.cuh"
#include "kernels/wrong_labels.h"

namespace ffwd {
namespace {

constexpr int kThreads = 128;

// One thread a sample.
__global__ void __launch_bounds__(kThreads) wrong_labels_kernel(WrongLabels a) {
  const int64_t i = int64_t(blockIdx.x) * kThreads + threadIdx.x;
  if (i >= a.wrong.size) return;
  const uint32_t draw = a.step.data->draw;
  const uint64_t sample = uint64_t(a.sample.data[i]);
  const float u = unit_interval(random_bits(a.seed, RandomUse::negatives, sample, draw).word[0]);
  const int32_t label = a.label.data[i];
  a.wrong.data[i] = a.logits.data ? likely_wrong_label(a.logits.row<float>(i), label, a.classes, u)
                                  : uniform_wrong_label(label, a.classes, u);
}

}  // namespace

namespace cuda {

void wrong_labels(const WrongLabels& a, Stream stream) {
  check(a);
  launch(wrong_labels_kernel, dim3(blocks_for(a.wrong.size, kThreads)), dim3(kThreads), 0, stream,
         a);
}

}  // namespace cuda
}  // namespace ffwd
