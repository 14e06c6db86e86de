#include "kernels/reduce.cuh"
#include "kernels/spread_rows.h"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads) spread_rows_kernel(SpreadRows a, bool aligned) {
  const int64_t r = block_row(), width = a.z.cols;
  if (r >= a.z.rows) return;
  const T* base =
      a.base.row<T>(uint32_t(r) % uint32_t(a.base.rows));  // in 64 bits it would be a call
  T* z = a.z.row<T>(r);
  const float scale = a.row_scale.data[r];
  const int64_t step = int64_t(blockDim.x) * kVector<T>;
  for (int64_t j = int64_t(threadIdx.x) * kVector<T>; j < width; j += step) {
    float sum[kVector<T>], shared[kVector<T>];
    load_vector(z, j, width, aligned, sum);
    load_vector(base, j, width, aligned, shared);
    for (int k = 0; k < kVector<T>; ++k) sum[k] += scale * shared[k];
    store_vector(z, j, width, aligned, sum);
  }
}

}  // namespace

namespace cuda {

void spread_rows(const SpreadRows& a, Stream stream) {
  check(a);
  FFWD_EXPECT(a.z.rows <= 0x7fffffff, "too many rows");
  with_dtype(a.z.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned = rows_are_aligned<T>(a.base) && rows_are_aligned<T>(a.z);
    const RowBlocks blocks = row_blocks(a.z.rows, a.z.cols, kVector<T>);
    launch(spread_rows_kernel<T>, blocks.grid, blocks.block, 0, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
