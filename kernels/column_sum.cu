#include "kernels/column_sum.h"
#include "kernels/launch.cuh"

namespace ffwd {
namespace {

// Of a block: one warp reads 32 neighbouring columns of a row.
constexpr int kColumns = 32, kLanes = 8;

// Block (chunk, tile) sums `chunk` rows of kColumns columns into row `chunk` of sums. Lane y takes
// rows y, y + kLanes, ...; then the lanes are added up in order. Chunks lie along x, of which a grid
// may have more.
template <typename T>
__global__ void __launch_bounds__(kColumns* kLanes)
    column_sum_kernel(ConstMatrixView a, VectorView<const float> weight, int64_t chunk,
                      float factor, float* sums) {
  FFWD_SHARED(float, slots, kColumns* kLanes);
  const int64_t j = int64_t(blockIdx.y) * kColumns + threadIdx.x;
  const int64_t first = int64_t(blockIdx.x) * chunk;
  const int64_t end = first + chunk < a.rows ? first + chunk : a.rows;
  float sum = 0.0f;
  if (j < a.cols) {
    for (int64_t i = first + threadIdx.y; i < end; i += kLanes) {
      const float value = to_float(a.row<T>(i)[j]);
      sum += weight.data ? weight.data[i] * value : value;
    }
  }
  slots[threadIdx.y * kColumns + threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || j >= a.cols) return;
  for (int lane = 1; lane < kLanes; ++lane) sum += slots[lane * kColumns + threadIdx.x];
  sums[int64_t(blockIdx.x) * a.cols + j] = factor * sum;
}

}  // namespace

namespace cuda {

void column_sum(const ColumnSum& a, Stream stream) {
  check(a);
  const unsigned chunks = blocks_for(a.a.rows, kColumnSumChunk);
  const unsigned tiles = blocks_for(a.a.cols, kColumns);
  FFWD_EXPECT(tiles <= 65535, "too many columns for one grid");
  const dim3 block(kColumns, kLanes);
  with_dtype(a.a.dtype, [&](auto zero) {
    launch(column_sum_kernel<decltype(zero)>, dim3(chunks, tiles), block, 0, stream, a.a, a.weight,
           kColumnSumChunk, 1.0f, a.scratch.data);
  });
  const ConstMatrixView rest(a.scratch.data, DType::f32, chunks, a.a.cols, a.a.cols);
  launch(column_sum_kernel<float>, dim3(1, tiles), block, 0, stream, rest,
         VectorView<const float>(), rest.rows, a.factor, a.sum.data);
}

}  // namespace cuda
}  // namespace ffwd
