#include "kernels/fold_rows.h"
#include "kernels/row_blocks.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

template <typename T>
__global__ void __launch_bounds__(kRowBlockThreads) fold_rows_kernel(FoldRows a, bool aligned) {
  const int64_t i = block_row(), width = a.dz.cols;
  if (i >= a.folded.rows) return;
  for_each_segment<T>(width, [&](int64_t j) {
    float sum[kVector<T>] = {};
    for (int64_t r = i; r < a.dz.rows; r += a.folded.rows) {
      float value[kVector<T>];
      load_vector(a.dz.row<T>(r), j, width, aligned, value);
      const float scale = a.row_scale.data[r];
      for (int k = 0; k < kVector<T>; ++k) sum[k] += scale * value[k];
    }
    store_vector(a.folded.row<T>(i), j, width, aligned, sum);
  });
}

}  // namespace

namespace cuda {

void fold_rows(const FoldRows& a, Stream stream) {
  check(a);
  with_dtype(a.dz.dtype, [&](auto zero) {
    using T = decltype(zero);
    const bool aligned = rows_are_aligned<T>(a.dz) && rows_are_aligned<T>(a.folded);
    const RowBlocks blocks = row_blocks(a.folded.rows, a.folded.cols, kVector<T>);
    launch(fold_rows_kernel<T>, blocks.grid, blocks.block, stream, a, aligned);
  });
}

}  // namespace cuda
}  // namespace ffwd
