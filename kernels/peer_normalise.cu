#include "kernels/peer_normalise.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// One block for the whole layer: new means, their average, the push of every unit.
__global__ void __launch_bounds__(kRowBlockThreads) peer_push_kernel(PeerNormalise a) {
  FFWD_SHARED(float, slots, kRowBlockWarps);
  const int64_t width = a.mean.size;
  float sum = 0.0f;
  for (int64_t j = threadIdx.x; j < width; j += blockDim.x) {
    const float mean = a.momentum * a.mean.data[j] + (1.0f - a.momentum) * a.batch_mean.data[j];
    a.mean.data[j] = mean;
    sum += mean;
  }
  const float average = row_sum(sum, slots) / float(width);
  const float factor = a.strength / float(a.dz.rows);
  for (int64_t j = threadIdx.x; j < width; j += blockDim.x) {
    a.push.data[j] = factor * (a.mean.data[j] - average);
  }
}

template <typename T>
__device__ void add(float factor, const float (&push)[kVector<T>], T* row, int64_t j, int64_t width,
                    bool aligned) {
  float value[kVector<T>];
  load_vector(row, j, width, aligned, value);
  for (int k = 0; k < kVector<T>; ++k) value[k] += factor * push[k];
  store_vector(row, j, width, aligned, value);
}

template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads) peer_add_kernel(PeerNormalise a, bool aligned) {
  const int64_t i = block_row(), width = a.dz.cols;
  if (i >= a.dz.rows) return;
  for_each_segment<T>(width, [&](int64_t j) {
    float push[kVector<T>];
    load_floats<T>(a.push.data, j, width, aligned, push);
    add(1.0f, push, a.dz.row<T>(i), j, width, aligned);
    if (a.folded.data) add(a.row_scale.data[i], push, a.folded.row<T>(i), j, width, aligned);
  });
}

}  // namespace

namespace cuda {

void peer_normalise(const PeerNormalise& a, Stream stream) {
  check(a);
  if (a.dz.rows == 0 || a.dz.cols == 0) return;
  launch(peer_push_kernel, dim3(1), dim3(kRowBlockThreads), stream, a);
  with_dtype(a.dz.dtype, [&](auto zero) {
    using T = decltype(zero);
    const RowBlocks blocks = row_blocks(a.dz.rows, a.dz.cols, kVector<T>);
    const bool aligned = rows_are_aligned<T>(a.dz) && is_aligned(a.push) &&
                         (a.folded.data == nullptr || rows_are_aligned<T>(a.folded));
    launch(peer_add_kernel<T>, blocks.grid, blocks.block, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
