#include "kernels/column_sum.h"
#include "kernels/launch.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

// Of a block: a warp reads 32 neighbouring 16-byte segments of a row, and there are kLanes warps.
constexpr int kLanes = 8;

template <typename T>
constexpr int kColumns = kWarpSize* kVector<T>;

// Block (chunk, tile) sums `chunk` rows of kColumns columns into row `chunk` of sums. Warp y takes
// rows y, y + kLanes, ...; then the warps are added up in order. Chunks lie along x, of which a grid
// may have more.
template <typename T>
__global__ void __launch_bounds__(kWarpSize* kLanes, 4)
    column_sum_kernel(ConstMatrixView a, VectorView<const float> weight, int64_t chunk,
                      float factor, float* sums, bool aligned) {
  FFWD_SHARED(float, slots, kColumns<T>* kLanes);
  const int64_t tile = int64_t(blockIdx.y) * kColumns<T>, j = tile + threadIdx.x * kVector<T>;
  const int64_t first = int64_t(blockIdx.x) * chunk;
  const int64_t end = first + chunk < a.rows ? first + chunk : a.rows;
  float sum[kVector<T>] = {};
  for (int64_t i = first + threadIdx.y; i < end; i += kLanes) {
    float value[kVector<T>];
    load_vector(a.row<T>(i), j, a.cols, aligned, value);
    const float factor_of_row = weight.data ? weight.data[i] : 1.0f;
    for (int k = 0; k < kVector<T>; ++k) sum[k] += factor_of_row * value[k];
  }
  for (int k = 0; k < kVector<T>; ++k) {
    slots[threadIdx.y * kColumns<T> + threadIdx.x * kVector<T> + k] = sum[k];
  }
  __syncthreads();
  const int column = threadIdx.y * kWarpSize + threadIdx.x;
  if (column >= kColumns<T> || tile + column >= a.cols) return;
  float total = 0.0f;
  for (int lane = 0; lane < kLanes; ++lane) total += slots[lane * kColumns<T> + column];
  sums[int64_t(blockIdx.x) * a.cols + tile + column] = factor * total;
}

// Of `chunks` times `chunk` rows of a, or as many as there are.
template <typename T>
void sum_chunks(const ConstMatrixView& a, VectorView<const float> weight, unsigned chunks,
                int64_t chunk, float factor, float* sums, Stream stream) {
  const dim3 grid(chunks, blocks_for(a.cols, kColumns<T>));
  FFWD_EXPECT(grid.y <= 65535, "too many columns for one grid");
  launch(column_sum_kernel<T>, grid, dim3(kWarpSize, kLanes), stream, a, weight, chunk, factor,
         sums, rows_are_aligned<T>(a));
}

}  // namespace

namespace cuda {

void column_sum(const ColumnSum& a, Stream stream) {
  check(a);
  const unsigned chunks = blocks_for(a.a.rows, kColumnSumChunk);
  with_dtype(a.a.dtype, [&](auto zero) {
    sum_chunks<decltype(zero)>(a.a, a.weight, chunks, kColumnSumChunk, 1.0f, a.scratch.data,
                               stream);
  });
  const ConstMatrixView rest(a.scratch.data, DType::f32, chunks, a.a.cols, a.a.cols);
  sum_chunks<float>(rest, {}, 1, rest.rows, a.factor, a.sum.data, stream);
}

}  // namespace cuda
}  // namespace ffwd
