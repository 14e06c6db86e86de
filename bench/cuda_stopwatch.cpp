#include <cuda_runtime.h>

#include "bench/stopwatch.h"
#include "kernels/check_cuda.h"

namespace ffwd::bench {
namespace {

// A graph of work that was captured from a stream, and the events around it.
class TimedGraph {
 public:
  TimedGraph(cudaStream_t stream, const std::function<void()>& work) : stream_(stream) {
    cudaGraph_t graph = nullptr;
    FFWD_CHECK_CUDA(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
    try {
      work();
    } catch (...) {
      cudaStreamEndCapture(stream, &graph);
      if (graph) cudaGraphDestroy(graph);
      throw;
    }
    FFWD_CHECK_CUDA(cudaStreamEndCapture(stream, &graph));
    const cudaError_t status = cudaGraphInstantiate(&graph_, graph, 0);
    cudaGraphDestroy(graph);
    FFWD_CHECK_CUDA(status);
    FFWD_CHECK_CUDA(cudaEventCreate(&start_));
    FFWD_CHECK_CUDA(cudaEventCreate(&stop_));
  }
  ~TimedGraph() {
    cudaGraphExecDestroy(graph_);
    cudaEventDestroy(start_);
    cudaEventDestroy(stop_);
  }
  TimedGraph(const TimedGraph&) = delete;
  TimedGraph& operator=(const TimedGraph&) = delete;

  // The first launch is not timed. It leaves the caches as they are in the middle of a training,
  // dirty lines included, and the launch of the second hides behind it.
  double seconds() const {
    FFWD_CHECK_CUDA(cudaGraphLaunch(graph_, stream_));
    FFWD_CHECK_CUDA(cudaEventRecord(start_, stream_));
    FFWD_CHECK_CUDA(cudaGraphLaunch(graph_, stream_));
    FFWD_CHECK_CUDA(cudaEventRecord(stop_, stream_));
    FFWD_CHECK_CUDA(cudaEventSynchronize(stop_));
    float milliseconds = 0.0f;
    FFWD_CHECK_CUDA(cudaEventElapsedTime(&milliseconds, start_, stop_));
    return double(milliseconds) * 1e-3;
  }

 private:
  cudaStream_t stream_;
  cudaGraphExec_t graph_ = nullptr;
  cudaEvent_t start_ = nullptr, stop_ = nullptr;
};

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
    const auto graph = std::make_shared<TimedGraph>(device_->stream().handle, work);
    return [graph] { return graph->seconds(); };
  }

  void copy(void* to, const void* from, int64_t bytes) override {
    FFWD_CHECK_CUDA(cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDeviceToDevice,
                                    device_->stream().handle));
  }

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
