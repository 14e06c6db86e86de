// FFWD_CHECK_CUDA: a failed call of the CUDA runtime becomes an exception with file, line, call and
// reason; OutOfMemory if it is memory that is lacking.
#pragma once

#include <cuda_runtime_api.h>

#include "kernels/check.h"

namespace ffwd {

// Throws for a call of CUDA, or of a library on top of it, that has failed.
[[noreturn]] inline void fail_call(const char* call, const char* file, int line, const char* reason,
                                   bool lacks_memory) {
  const std::string what =
      std::string(file) + ":" + std::to_string(line) + ": " + call + ": " + reason;
  if (lacks_memory) throw OutOfMemory(what);
  throw Error(what);
}

inline void check_cuda(cudaError_t status, const char* call, const char* file, int line) {
  if (status == cudaSuccess) return;
  (void)cudaGetLastError();  // not sticky: the exception carries it from here
  fail_call(call, file, line, cudaGetErrorString(status), status == cudaErrorMemoryAllocation);
}

}  // namespace ffwd

#define FFWD_CHECK_CUDA(call) ::ffwd::check_cuda((call), #call, __FILE__, __LINE__)
