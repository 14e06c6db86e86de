// For Nsight: named ranges, NVTX push/pop in the domain "ffwd", and the part of a run that is
// recorded when a profiler was told to wait for it. Without CUDA they are nothing.
#pragma once

#include <cstdint>

namespace ffwd {

// Open while the object lives. `name` must be a literal; `payload` is a number shown beside it: a
// layer or a step.
class Range {
 public:
  explicit Range(const char* name, int64_t payload = 0);
  ~Range();
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

// cudaProfilerStart and cudaProfilerStop.
void start_profiler();
void stop_profiler();

}  // namespace ffwd
