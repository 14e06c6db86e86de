#include <omp.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "bench/stopwatch.h"

namespace ffwd::bench {
namespace {

class CpuStopwatch final : public Stopwatch {
 public:
  Sample prepare(const std::function<void()>& work) override {
    work();
    return [work] {
      using Clock = std::chrono::steady_clock;
      const Clock::time_point start = Clock::now();
      work();
      return std::chrono::duration<double>(Clock::now() - start).count();
    };
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
};

}  // namespace

std::unique_ptr<Stopwatch> make_cpu_stopwatch() {
  return std::make_unique<CpuStopwatch>();
}

#ifndef FFWD_HAVE_CUDA
std::unique_ptr<Stopwatch> make_cuda_stopwatch(Device&) {
  throw Error("this program was built without CUDA");
}
#endif

}  // namespace ffwd::bench
