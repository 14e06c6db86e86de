// Sums over the threads of a warp and of a row group, in a fixed order.
#pragma once

#include "kernels/device.cuh"

namespace ffwd {

// Every lane of a full warp calls it and gets the sum over the warp.
__device__ inline float warp_sum(float value) {
  for (int offset = kWarpSize / 2; offset > 0; offset /= 2) {
    value += __shfl_xor_sync(0xffffffffu, value, offset);
  }
  return value;
}

// The block is (blockDim.x threads per row) x (blockDim.y rows); blockDim.x is a multiple of 32 up to 1024. Every
// thread of the block calls it, and gets the sum over its own row. `slots` is shared memory for one
// float per warp of the block; it may be used again only after the next barrier... of this function.
__device__ inline float row_sum(float value, float* slots) {
  value = warp_sum(value);
  const int warps_per_row = blockDim.x / kWarpSize;
  if (warps_per_row == 1) return value;
  __syncthreads();
  const int first = threadIdx.y * warps_per_row;
  if (threadIdx.x % kWarpSize == 0) slots[first + threadIdx.x / kWarpSize] = value;
  __syncthreads();
  float sum = 0.0f;
  for (int w = 0; w < warps_per_row; ++w) sum += slots[first + w];
  return sum;
}

}  // namespace ffwd
