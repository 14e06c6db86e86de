#include <omp.h>

#include <algorithm>
#include <cstring>

#include "bench/stopwatch.h"
#include "host/basics/clock.h"

namespace ffwd::bench {
namespace {

class CpuStopwatch final : public Stopwatch {
 public:
  explicit CpuStopwatch(Device& device) : device_(&device) {}

  Sample prepare(const std::function<void()>& work) override {
    work();
    return wall_clock(*device_, work);
  }

  void copy(void* to, const void* from, int64_t bytes) override {
#pragma omp parallel
    {
      const int64_t share = (bytes + omp_get_num_threads() - 1) / omp_get_num_threads();
      const int64_t first = share * omp_get_thread_num();
      const int64_t count = std::min(share, bytes - first);
      if (count > 0)
        std::memcpy(static_cast<char*>(to) + first, static_cast<const char*>(from) + first,
                    size_t(count));
    }
  }

  // Far beyond any core's own caches. The last-level cache that a virtual machine reports is shared
  // with strangers and says little.
  int64_t cold_bytes() const override {
    return int64_t(256) << 20;
  }

 private:
  Device* device_;
};

}  // namespace

Sample wall_clock(Device& device, const std::function<void()>& work) {
  return [&device, work] {
    const double start = steady_seconds();
    work();
    device.wait();
    return steady_seconds() - start;
  };
}

std::unique_ptr<Stopwatch> make_stopwatch(Device& device) {
  if (device.queues()) return make_cuda_stopwatch(device);
  return std::make_unique<CpuStopwatch>(device);
}

#ifndef FFWD_HAVE_CUDA
std::unique_ptr<Stopwatch> make_cuda_stopwatch(Device&) {
  throw Error("this program was built without CUDA");
}
#endif

}  // namespace ffwd::bench
