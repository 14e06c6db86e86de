// How time is taken on a device.
#pragma once

#include <functional>
#include <memory>

#include "engine/device/device.h"

namespace ffwd::bench {

// Runs what it was prepared for once more, and says how many seconds that took.
using Sample = std::function<double()>;

class Stopwatch {
 public:
  virtual ~Stopwatch() = default;

  // Makes `work`, operations on the device that do not wait, ready to be timed. Runs it once, so
  // that code is loaded and matmuls are planned. What `work` refers to must outlive the sample.
  virtual Sample prepare(const std::function<void()>& work) = 0;

  // Copies memory of the device as fast as its vendor's library does. Does not wait on a GPU.
  virtual void copy(void* to, const void* from, int64_t bytes) = 0;

  // Bytes that work has to touch, at least, for every call of it to find the caches cold.
  virtual int64_t cold_bytes() const = 0;
};

// For a GPU: CUDA events around a graph of the work, which has no gaps for launches, and
// cudaMemcpyAsync. For the CPU: the steady clock, and memcpy on all of OpenMP's threads.
std::unique_ptr<Stopwatch> make_stopwatch(Device& device);
std::unique_ptr<Stopwatch> make_cuda_stopwatch(Device& device);

// Work as a program that launches it and then waits meets it, by the steady clock.
Sample wall_clock(Device& device, const std::function<void()>& work);

}  // namespace ffwd::bench
