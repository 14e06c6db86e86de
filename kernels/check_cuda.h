// FFWD_CHECK_CUDA: a failed call of the CUDA runtime becomes an exception with file, line, call and
// reason.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/check.h"

namespace ffwd {

inline void check_cuda(cudaError_t status, const char* call, const char* file, int line) {
  if (status == cudaSuccess) return;
  const std::string what = std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
                           cudaGetErrorString(status);
  (void)cudaGetLastError();  // not sticky: the exception carries it from here
  if (status == cudaErrorMemoryAllocation) throw OutOfMemory(what);
  throw Error(what);
}

}  // namespace ffwd

#define FFWD_CHECK_CUDA(call) ::ffwd::check_cuda((call), #call, __FILE__, __LINE__)
