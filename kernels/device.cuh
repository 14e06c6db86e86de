// The one way from a kernel to CUDA: a kernel file includes this and no CUDA header.
//
// Under nvcc it brings the CUDA runtime. Under a plain C++ compiler it brings the header that the
// targets of tests/simt have on their include path, where every CUDA thread is a fiber.
#pragma once

#ifdef __CUDACC__
#include <cuda_runtime.h>
// An array of n elements of T in static shared memory. Declare it at the top of the kernel.
#define FFWD_SHARED(T, name, n) __shared__ T name[n]
// Before a loop over what is to stay in registers.
#define FFWD_UNROLL _Pragma("unroll")
#else
#include "simt/device.h"
#define FFWD_UNROLL
#endif

namespace ffwd {

inline constexpr int kWarpSize = 32;

}  // namespace ffwd
