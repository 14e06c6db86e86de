// Blocks that work on rows, and sums over their threads in a fixed order.
#pragma once

#include "kernels/launch.cuh"

namespace ffwd {

inline constexpr int kRowBlockThreads = 256;
inline constexpr int kRowBlockWarps = kRowBlockThreads / kWarpSize;

// A block is blockDim.x threads for each of blockDim.y rows.
struct RowBlocks {
  dim3 grid, block;
};

// As many threads a row as it has segments of `per_thread` columns, rounded up to a power of two,
// and 256 at most. Narrow rows, as pixels are, share a warp.
inline RowBlocks row_blocks(int64_t rows, int64_t cols, int per_thread) {
  unsigned threads = 1;
  while (threads < kRowBlockThreads && int64_t(threads) * per_thread < cols) threads *= 2;
  const unsigned rows_per_block = kRowBlockThreads / threads;
  return {dim3(blocks_for(rows, rows_per_block)), dim3(threads, rows_per_block)};
}

// The row of the calling thread; it may lie beyond the last one.
__device__ inline int64_t block_row() {
  return int64_t(blockIdx.x) * blockDim.y + threadIdx.y;
}

// Every lane of a full warp calls it and gets the sum over its group of `lanes` neighbours, a power
// of two.
__device__ inline float warp_sum(float value, int lanes = kWarpSize) {
  for (int offset = lanes / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, offset);
  }
  return value;
}

// Every thread of a row block calls it and gets the sum over the threads of its row. `slots` is
// shared memory for kRowBlockWarps floats, which only this function touches.
__device__ inline float row_sum(float value, float* slots) {
  const int warps = int(blockDim.x) / kWarpSize;
  if (warps <= 1) return warp_sum(value, int(blockDim.x));
  value = warp_sum(value);
  float* mine = slots + int(threadIdx.y) * warps;
  __syncthreads();  // an earlier call may still be reading
  if (threadIdx.x % kWarpSize == 0) mine[threadIdx.x / kWarpSize] = value;
  __syncthreads();
  float sum = 0.0f;
  for (int w = 0; w < warps; ++w) sum += mine[w];
  return sum;
}

}  // namespace ffwd
