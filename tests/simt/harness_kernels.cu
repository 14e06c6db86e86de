#include "simt/harness_kernels.h"

#include "kernels/row_blocks.cuh"

namespace ffwd {

namespace {

// Out of line, so that the compiler does not see which array it is.
__attribute__((noinline)) float element(const float* array, int index) {
  return array[index];
}

void write_first_four(float* array) {
  if (threadIdx.x < 4) array[threadIdx.x] = static_cast<float>(threadIdx.x + 1);
}

}  // namespace

__global__ void copy_vectors(const float4* in, float4* out, int n) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i < n) out[i] = in[i];
}

__global__ void read_element(Memory memory, int index, float* out) {
  __shared__ float static_array[8];
  FFWD_SHARED(float, shared, 8);
  float local[8] = {};
  float* array = memory == Memory::local          ? local
                 : memory == Memory::shared_macro ? shared
                                                  : static_array;
  write_first_four(array);
  __syncthreads();
  if (threadIdx.x == 0) {
    *out = memory == Memory::static_array ? static_array[index] : element(array, index);
  }
}

__global__ void shuffle_of_some(int lanes, float* out) {
  float value = static_cast<float>(threadIdx.x);
  if (static_cast<int>(threadIdx.x) < lanes) {
    value = __shfl_down_sync(0xffffffffu, value, 1);
  }
  __syncthreads();
  out[threadIdx.x] = value;
}

__global__ void barrier_in_loop(int trips) {
  const int own_trips = threadIdx.x < blockDim.x / 2 ? trips : 1;
  for (int i = 0; i < own_trips; ++i) {
    __syncthreads();
  }
  __syncthreads();
}

__global__ void barrier_in_branches(int split) {
  if (static_cast<int>(threadIdx.x) < split) {
    __syncthreads();
  } else {
    __syncthreads();
  }
}

__global__ void row_sums(RowSums form, const float* in, float* out, int rows, int cols) {
  FFWD_SHARED(float, partial, 32);
  const int thread = static_cast<int>(threadIdx.x), threads = static_cast<int>(blockDim.x);
  for (int row = 0; row < rows; ++row) {
    float sum = 0.0f;
    for (int j = thread; j < cols; j += threads) sum += in[row * cols + j];
    sum = warp_sum(sum);
    if (form != RowSums::no_barrier_before) __syncthreads();
    if (thread % kWarpSize == 0) partial[thread / kWarpSize] = sum;
    if (form != RowSums::no_barrier_after) __syncthreads();
    float total = 0.0f;
    for (int warp = 0; warp < threads / kWarpSize; ++warp) total += partial[warp];
    out[row * threads + thread] = total;
  }
  if (form != RowSums::no_last_barrier) __syncthreads();
}

__global__ void swap_neighbours(bool sync, const float* in, float* out) {
  FFWD_SHARED(float, tile, 32);
  tile[threadIdx.x] = in[threadIdx.x];
  if (sync) __syncwarp();
  out[threadIdx.x] = tile[threadIdx.x ^ 1];
}

__global__ void publish(bool barrier, float* out) {
  FFWD_SHARED(float, value, 1);
  __syncthreads();
  if (threadIdx.x == 0) *value = 7.0f;
  if (barrier) __syncthreads();
  out[threadIdx.x] = *value;
  __syncthreads();
}

__global__ void count_threads(bool atomic, int* counter) {
  if (atomic) {
    atomicAdd(counter, 1);
  } else {
    ++*counter;
  }
}

__global__ void sum_by_last_thread(bool fence, unsigned* done, float* partial, float* out) {
  const unsigned threads = gridDim.x * blockDim.x;
  const unsigned i = blockIdx.x * blockDim.x + threadIdx.x;
  partial[i] = static_cast<float>(i);
  if (fence) __threadfence();
  if (atomicInc(done, threads - 1) != threads - 1) return;
  if (fence) __threadfence();
  float total = 0.0f;
  for (unsigned k = 0; k < threads; ++k) total += partial[k];
  *out = total;
}

__global__ void read_first_block(float* first, float* out) {
  if (blockIdx.x == 0) *first = 7.0f;
  out[blockIdx.x] = *first;
}

__global__ void warp_results(unsigned* out) {
  const unsigned lane = threadIdx.x, all = 0xffffffffu;
  unsigned* result = out + lane * kWarpResults;
  result[0] = __shfl_sync(all, lane, 5, 8);
  result[1] = __shfl_up_sync(all, lane, 3, 16);
  result[2] = __shfl_down_sync(all, lane, 3, 16);
  result[3] = __shfl_xor_sync(all, lane, 8, 8);
  result[4] = __ballot_sync(all, lane % 3 == 0);
  result[5] = static_cast<unsigned>(__any_sync(all, lane == 7) + 2 * __all_sync(all, lane != 7));
  result[6] = 0;
  if (lane < 8) result[6] = __ballot_sync(0xffu, lane & 1);
}

__global__ void atomic_results(unsigned* out) {
  const unsigned lane = threadIdx.x;
  atomicAdd(out + 0, lane);
  atomicMin(out + 1, lane);
  atomicMax(out + 2, lane);
  atomicExch(out + 3, 5);
  atomicCAS(out + 4, lane == 3 ? 10 : 1000, 0);
  atomicInc(out + 5, 9);
}

__global__ void barrier_votes(int stay, int voters, int* out) {
  if (static_cast<int>(threadIdx.x) >= stay) return;
  const int vote = static_cast<int>(threadIdx.x) < voters;
  const int count = __syncthreads_count(vote);
  const int any = __syncthreads_or(vote);
  const int all = __syncthreads_and(vote);
  if (threadIdx.x == 0) *out = count + 1000 * any + 2000 * all;
}

__global__ void coordinates(uint3* blocks, uint3* threads) {
  const unsigned block = (blockIdx.z * gridDim.y + blockIdx.y) * gridDim.x + blockIdx.x;
  const unsigned size = blockDim.x * blockDim.y * blockDim.z;
  const unsigned thread = (threadIdx.z * blockDim.y + threadIdx.y) * blockDim.x + threadIdx.x;
  blocks[block * size + thread] = blockIdx;
  threads[block * size + thread] = threadIdx;
}

}  // namespace ffwd
