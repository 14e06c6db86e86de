#include <cuda_runtime.h>

#include "bench/stopwatch.h"
#include "kernels/check_cuda.h"

namespace ffwd::bench {
namespace {

class CudaStopwatch final : public Stopwatch {
 public:
  explicit CudaStopwatch(Device& device) : device_(&device) {
    int l2 = 0;
    FFWD_CHECK_CUDA(cudaDeviceGetAttribute(&l2, cudaDevAttrL2CacheSize, 0));
    cold_bytes_ = 4 * int64_t(l2);
  }

  Sample prepare(const std::function<void()>& work) override {
    work();
    device_->wait();
    const std::shared_ptr<Graph> graph = device_->capture(work);
    const std::shared_ptr<Event> start = device_->make_event(/*timed=*/true),
                                 stop = device_->make_event(/*timed=*/true);
    // The first launch is not timed. It leaves the caches as they are in the middle of a training,
    // dirty lines included, and the launch of the second hides behind it.
    return [=] {
      graph->launch();
      device_->record(*start);
      graph->launch();
      device_->record(*stop);
      device_->wait();
      return stop->seconds_since(*start);
    };
  }

  void copy(void* to, const void* from, int64_t bytes) override { device_->copy(to, from, bytes); }

  int64_t cold_bytes() const override { return cold_bytes_; }

 private:
  Device* device_;
  int64_t cold_bytes_;
};

}  // namespace

std::unique_ptr<Stopwatch> make_cuda_stopwatch(Device& device) {
  return std::make_unique<CudaStopwatch>(device);
}

}  // namespace ffwd::bench
