// Memory of the GPU for what the back end keeps for itself.
#pragma once

#include <cuda_runtime.h>

#include <memory>

#include "kernels/check_cuda.h"
#include "kernels/stream.h"

namespace ffwd {

using CudaMemory = std::unique_ptr<void, cudaError_t (*)(void*)>;

inline CudaMemory zeroed_memory(size_t bytes, Stream stream) {
  void* memory = nullptr;
  FFWD_CHECK_CUDA(cudaMalloc(&memory, bytes));
  CudaMemory owner(memory, cudaFree);
  FFWD_CHECK_CUDA(cudaMemsetAsync(memory, 0, bytes, stream.handle));
  return owner;
}

}  // namespace ffwd
