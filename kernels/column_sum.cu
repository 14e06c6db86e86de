#include "kernels/column_sum.h"
#include "kernels/launch.cuh"
#include "kernels/vector_access.cuh"

namespace ffwd {
namespace {

constexpr int kThreads = 256;

// Rows that a thread asks for before it adds them up.
constexpr int kInFlight = 4;

// A block is blockDim.x neighbouring 16-byte segments of blockDim.y rows. Block (chunk, tile) sums
// `chunk` rows of its columns into row `chunk` of sums: thread y takes rows y, y + blockDim.y, ...;
// then these threads are added up in order. Chunks lie along x, of which a grid may have more.
template <typename T>
__global__ void __launch_bounds__(kThreads, 4)
    column_sum_kernel(ConstMatrixView a, VectorView<const float> weight, int64_t chunk,
                      float factor, float* sums, bool aligned) {
  FFWD_SHARED(float, slots, kThreads* kVector<T>);
  const int columns = int(blockDim.x) * kVector<T>;
  const int64_t tile = int64_t(blockIdx.y) * columns, j = tile + threadIdx.x * kVector<T>;
  const int64_t first = int64_t(blockIdx.x) * chunk;
  const int64_t end = first + chunk < a.rows ? first + chunk : a.rows;
  float sum[kVector<T>] = {};
  const auto weight_of = [&](int64_t i) { return weight.data ? weight.data[i] : 1.0f; };
  const auto add = [&](const float(&value)[kVector<T>], float factor_of_row) {
    for (int k = 0; k < kVector<T>; ++k) sum[k] += factor_of_row * value[k];
  };
  int64_t i = first + threadIdx.y;
  const int64_t step = blockDim.y;
  if (aligned && j + kVector<T> <= a.cols) {
    for (; i + (kInFlight - 1) * step < end; i += kInFlight * step) {
      Loaded segment[kInFlight];
      float factor_of_row[kInFlight];
      FFWD_UNROLL
      for (int r = 0; r < kInFlight; ++r) {
        segment[r] = load_segment(a.row<T>(i + r * step), j, a.cols, aligned);
        factor_of_row[r] = weight_of(i + r * step);
      }
      FFWD_UNROLL
      for (int r = 0; r < kInFlight; ++r) {
        float value[kVector<T>];
        unpack<T>(segment[r], value);
        add(value, factor_of_row[r]);
      }
    }
  }
  for (; i < end; i += step) {
    float value[kVector<T>];
    load_vector(a.row<T>(i), j, a.cols, aligned, value);
    add(value, weight_of(i));
  }
  for (int k = 0; k < kVector<T>; ++k) {
    slots[int(threadIdx.y) * columns + int(threadIdx.x) * kVector<T> + k] = sum[k];
  }
  __syncthreads();
  const int column = int(threadIdx.y * blockDim.x + threadIdx.x);
  if (column >= columns || tile + column >= a.cols) return;
  float total = 0.0f;
  for (int y = 0; y < int(blockDim.y); ++y) total += slots[y * columns + column];
  sums[int64_t(blockIdx.x) * a.cols + tile + column] = factor * total;
}

// Of `chunks` times `chunk` rows of a, or as many as there are. Narrow rows share a warp.
template <typename T>
void sum_chunks(const ConstMatrixView& a, VectorView<const float> weight, unsigned chunks,
                int64_t chunk, float factor, float* sums, Stream stream) {
  unsigned segments = 1;
  while (segments < kWarpSize && int64_t(segments) * kVector<T> < a.cols) segments *= 2;
  const dim3 grid(chunks, blocks_for(a.cols, int64_t(segments) * kVector<T>));
  FFWD_EXPECT(grid.y <= 65535, "too many columns for one grid");
  launch(column_sum_kernel<T>, grid, dim3(segments, kThreads / segments), stream, a, weight, chunk,
         factor, sums, rows_are_aligned<T>(a));
}

}  // namespace

namespace cuda {

void column_sum(const ColumnSum& a, Stream stream) {
  check(a);
  const int64_t chunk = column_sum_chunk(a.a.rows);
  const unsigned chunks = blocks_for(a.a.rows, chunk);
  const bool whole = chunks == 1;  // no other chunk's sums are to be added
  with_dtype(a.a.dtype, [&](auto zero) {
    sum_chunks<decltype(zero)>(a.a, a.weight, chunks, chunk, whole ? a.factor : 1.0f,
                               whole ? a.sum.data : a.scratch.data, stream);
  });
  if (whole) return;
  const ConstMatrixView rest(a.scratch.data, DType::f32, chunks, a.a.cols, a.a.cols);
  sum_chunks<float>(rest, {}, 1, rest.rows, a.factor, a.sum.data, stream);
}

}  // namespace cuda
}  // namespace ffwd
