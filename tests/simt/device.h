// What kernels/device.cuh includes where there is no nvcc: CUDA's words for plain C++, where every
// CUDA thread is a fiber (simt/scheduler.h). Needs CUDA's headers, and none of its libraries.
//
// What it asks of a kernel: launch() and no triple angle brackets; no dynamic shared memory; no
// cooperative groups, CUB or inline PTX without a plain twin; one barrier per line, since barriers
// are told apart by file and line; no spinning on memory, since threads give way only at barriers
// and warp operations and blocks run one after the other; no exceptions.
//
// What it cannot see: speed, registers, bank conflicts; the weak memory order of a device and what
// nvcc's contraction of a * b + c does to the last bit; races between blocks, but for those that
// another order of the blocks shows.
#pragma once

#include <cuda_runtime.h>

#include "simt/collectives.h"
#include "simt/intrinsics.h"
#include "simt/launch.h"
#include "simt/shared_memory.h"

// --- shared memory ---------------------------------------------------------------------

// Blocks run one after the other, so one copy is enough; its section lets the harness find and fill
// it. In a template or an inline function g++ ignores the section: use FFWD_SHARED there.
#define FFWD_SIMT_TEXT_OF(x) #x
#define FFWD_SIMT_TEXT(x) FFWD_SIMT_TEXT_OF(x)
#undef __shared__
#define __shared__ static __attribute__((section(".ffwd_smem." FFWD_SIMT_TEXT(__COUNTER__))))

// A pointer, not an array: sizeof does not give the array's size. The address of the lambda's
// variable is a key that differs from place to place and from instance to instance of a template.
#define FFWD_SHARED(T, name, n)                               \
  T* const name = static_cast<T*>(::ffwd::simt::shared_array( \
      [] {                                                    \
        static char key;                                      \
        return static_cast<const void*>(&key);                \
      }(),                                                    \
      sizeof(T) * (n)))

// --- built-in names --------------------------------------------------------------------

#define __launch_bounds__(...)

inline const uint3& threadIdx = ffwd::simt::coordinates.thread;
inline const uint3& blockIdx = ffwd::simt::coordinates.block;
inline const dim3& blockDim = ffwd::simt::coordinates.block_size;
inline const dim3& gridDim = ffwd::simt::coordinates.grid_size;
inline constexpr int warpSize = 32;
