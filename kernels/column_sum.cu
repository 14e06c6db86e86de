#include "kernels/column_sum.h"
#include "kernels/launch.cuh"

namespace ffwd {
namespace {

// Of a block: one warp reads 32 neighbouring columns of a row.
constexpr int kColumns = 32, kLanes = 8;

// Block (tile, chunk) sums kColumnSumChunk rows of kColumns columns. Lane y takes rows y, y +
// kLanes, ...; then the lanes are added up in order.
template <typename T>
__global__ void __launch_bounds__(kColumns* kLanes)
    column_sum_chunks_kernel(ColumnSum a, float* chunk_sum) {
  FFWD_SHARED(float, slots, kColumns* kLanes);
  const int64_t j = int64_t(blockIdx.x) * kColumns + threadIdx.x;
  const int64_t first = int64_t(blockIdx.y) * kColumnSumChunk;
  const int64_t end = first + kColumnSumChunk < a.a.rows ? first + kColumnSumChunk : a.a.rows;
  float sum = 0.0f;
  if (j < a.a.cols) {
    for (int64_t i = first + threadIdx.y; i < end; i += kLanes) {
      const float value = to_float(a.a.row<T>(i)[j]);
      sum += a.weight.data ? a.weight.data[i] * value : value;
    }
  }
  slots[threadIdx.y * kColumns + threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || j >= a.a.cols) return;
  for (int lane = 1; lane < kLanes; ++lane) sum += slots[lane * kColumns + threadIdx.x];
  chunk_sum[int64_t(blockIdx.y) * a.a.cols + j] = sum;
}

// One thread a column adds up the chunks in order.
__global__ void __launch_bounds__(kColumns* kLanes)
    column_sum_total_kernel(ColumnSum a, int64_t chunks) {
  const int64_t j = int64_t(blockIdx.x) * blockDim.x + threadIdx.x;
  if (j >= a.a.cols) return;
  float sum = 0.0f;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) sum += a.scratch.data[chunk * a.a.cols + j];
  a.sum.data[j] = a.factor * sum;
}

}  // namespace

namespace cuda {

void column_sum(const ColumnSum& a, Stream stream) {
  check(a);
  const int64_t chunks = (a.a.rows + kColumnSumChunk - 1) / kColumnSumChunk;
  FFWD_EXPECT(chunks <= 65535, "too many rows for one grid");
  with_dtype(a.a.dtype, [&](auto zero) {
    const dim3 grid(blocks_for(a.a.cols, kColumns), unsigned(chunks));
    launch(column_sum_chunks_kernel<decltype(zero)>, grid, dim3(kColumns, kLanes), 0, stream, a,
           a.scratch.data);
  });
  constexpr int kThreads = kColumns * kLanes;
  launch(column_sum_total_kernel, dim3(blocks_for(a.a.cols, kThreads)), dim3(kThreads), 0, stream,
         a, chunks);
}

}  // namespace cuda
}  // namespace ffwd
