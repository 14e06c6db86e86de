// The CUDA back end: our kernels, cuBLASLt and cuDNN, on one stream of device 0.
#include <cublasLt.h>
#include <cuda_runtime.h>
#include <nvtx3/nvToolsExtCudaRt.h>

#include "engine/device/cublaslt_matmul.h"
#include "engine/device/cuda_status.h"
#include "engine/device/cudnn_convolution.h"
#include "engine/device/device.h"
#include "engine/device/matmul_algorithms.h"
#include "kernels/check_cuda.h"

namespace ffwd {
namespace {

// A stream that does not wait for the default one.
class OwnedStream {
 public:
  OwnedStream() { FFWD_CHECK_CUDA(cudaStreamCreateWithFlags(&handle_, cudaStreamNonBlocking)); }
  ~OwnedStream() { cudaStreamDestroy(handle_); }
  OwnedStream(const OwnedStream&) = delete;
  OwnedStream& operator=(const OwnedStream&) = delete;
  Stream view() const { return {handle_}; }

 private:
  cudaStream_t handle_ = nullptr;
};

class CudaEvent final : public Event {
 public:
  explicit CudaEvent(bool timed) {
    FFWD_CHECK_CUDA(
        cudaEventCreateWithFlags(&handle_, timed ? cudaEventDefault : cudaEventDisableTiming));
  }
  ~CudaEvent() override { cudaEventDestroy(handle_); }
  CudaEvent(const CudaEvent&) = delete;
  CudaEvent& operator=(const CudaEvent&) = delete;

  void reset() override {}  // a later record replaces an earlier one
  double seconds_since(const Event& earlier) const override {
    float milliseconds = 0.0f;
    FFWD_CHECK_CUDA(cudaEventElapsedTime(&milliseconds,
                                         dynamic_cast<const CudaEvent&>(earlier).handle_, handle_));
    return 1e-3 * double(milliseconds);
  }
  cudaEvent_t handle() const { return handle_; }

 private:
  cudaEvent_t handle_ = nullptr;
};

class CudaGraph final : public Graph {
 public:
  CudaGraph(Stream stream, const std::function<void()>& work) : stream_(stream) {
    FFWD_CHECK_CUDA(cudaStreamBeginCapture(stream_.handle, cudaStreamCaptureModeThreadLocal));
    cudaGraph_t graph = nullptr;
    try {
      work();
    } catch (...) {  // the stream must leave the capture before anything else can use it
      cudaStreamEndCapture(stream_.handle, &graph);
      if (graph) cudaGraphDestroy(graph);
      (void)cudaGetLastError();  // the first error is the one to tell
      throw;
    }
    FFWD_CHECK_CUDA(cudaStreamEndCapture(stream_.handle, &graph));
    const cudaError_t status = cudaGraphInstantiate(&executable_, graph, 0);
    cudaGraphDestroy(graph);
    FFWD_CHECK_CUDA(status);
  }
  ~CudaGraph() override { cudaGraphExecDestroy(executable_); }
  CudaGraph(const CudaGraph&) = delete;
  CudaGraph& operator=(const CudaGraph&) = delete;

  void launch() override { FFWD_CHECK_CUDA(cudaGraphLaunch(executable_, stream_.handle)); }

 private:
  Stream stream_;
  cudaGraphExec_t executable_ = nullptr;
};

class CudaDevice final : public Device {
 public:
  CudaDevice(Precision precision, std::shared_ptr<MatmulAlgorithms> algorithms)
      : precision_(precision),
        algorithms_(std::move(algorithms)),
        matmul_(stream_.view(), precision, algorithms_.get()),
        convolution_(stream_.view(), precision == Precision::tf32) {
    cudaDeviceProp properties;
    FFWD_CHECK_CUDA(cudaGetDeviceProperties(&properties, 0));
    name_ = properties.name;
  }

  std::string name() const override { return name_; }
  Precision precision() const override { return precision_; }
  bool measured_algorithms() const override { return algorithms_ != nullptr; }
  Stream stream() const override { return stream_.view(); }
  void wait() override { FFWD_CHECK_CUDA(cudaStreamSynchronize(stream().handle)); }
  bool queues() const override { return true; }

  std::unique_ptr<Device> make_lane(const std::string& name) override {
    auto lane = std::make_unique<CudaDevice>(precision_, algorithms_);
    nvtxNameCudaStreamA(lane->stream().handle, name.c_str());
    return lane;
  }
  std::unique_ptr<Event> make_event(bool timed) override {
    return std::make_unique<CudaEvent>(timed);
  }
  void record(Event& event) override {
    FFWD_CHECK_CUDA(cudaEventRecord(dynamic_cast<CudaEvent&>(event).handle(), stream().handle));
  }
  void wait_for(Event& event) override {
    FFWD_CHECK_CUDA(
        cudaStreamWaitEvent(stream().handle, dynamic_cast<CudaEvent&>(event).handle(), 0));
  }
  std::unique_ptr<Graph> capture(const std::function<void()>& work) override {
    return std::make_unique<CudaGraph>(stream(), work);
  }

  void* allocate(int64_t bytes) override {
    void* memory = nullptr;
    const cudaError_t status = cudaMalloc(&memory, size_t(bytes));
    if (status == cudaErrorMemoryAllocation) {
      (void)cudaGetLastError();
      throw OutOfMemory(name_ + " has " + std::to_string(free_memory() >> 20) +
                        " MiB of memory free; " + std::to_string(bytes >> 20) +
                        " MiB were asked for");
    }
    check_cuda(status, "cudaMalloc", __FILE__, __LINE__);
    clear(memory, bytes);
    wait();
    return memory;
  }
  void release(void* memory) noexcept override {
    cudaDeviceSynchronize();  // to free does not promise to wait
    cudaFree(memory);
  }
  int64_t free_memory() const override {
    size_t free = 0, total = 0;
    FFWD_CHECK_CUDA(cudaMemGetInfo(&free, &total));
    return int64_t(free);
  }
  void* allocate_host(int64_t bytes) override {
    void* memory = nullptr;
    const cudaError_t status = cudaHostAlloc(&memory, size_t(bytes), cudaHostAllocDefault);
    if (status == cudaErrorMemoryAllocation) {
      (void)cudaGetLastError();
      throw OutOfMemory("the host has no " + std::to_string(bytes >> 20) +
                        " MiB of page-locked memory left");
    }
    check_cuda(status, "cudaHostAlloc", __FILE__, __LINE__);
    return memory;
  }
  void release_host(void* memory) noexcept override {
    cudaDeviceSynchronize();
    cudaFreeHost(memory);
  }
  void upload(void* device, const void* host, int64_t bytes) override {
    copy_and_wait(device, host, bytes, cudaMemcpyHostToDevice);
  }
  void download(void* host, const void* device, int64_t bytes) override {
    copy_and_wait(host, device, bytes, cudaMemcpyDeviceToHost);
  }
  void copy(void* to, const void* from, int64_t bytes) override {
    FFWD_CHECK_CUDA(
        cudaMemcpyAsync(to, from, size_t(bytes), cudaMemcpyDeviceToDevice, stream().handle));
  }
  void clear(void* device, int64_t bytes) override {
    FFWD_CHECK_CUDA(cudaMemsetAsync(device, 0, size_t(bytes), stream().handle));
  }

  void matmul(const Matmul& args) override { matmul_.run(args); }
  void convolve(const Convolution& args) override { convolution_.run(args); }
  void convolution_gradient(const ConvolutionGradient& args) override { convolution_.run(args); }
  void pool(const Pooling& args) override { convolution_.run(args); }
#define FFWD_KERNEL(name, Arguments)          \
  void name(const Arguments& args) override { \
    cuda::name(args, stream());               \
  }
  FFWD_KERNELS(FFWD_KERNEL)
#undef FFWD_KERNEL

 private:
  void copy_and_wait(void* to, const void* from, int64_t bytes, cudaMemcpyKind kind) {
    FFWD_CHECK_CUDA(cudaMemcpyAsync(to, from, size_t(bytes), kind, stream().handle));
    wait();
  }

  Precision precision_;
  std::shared_ptr<MatmulAlgorithms> algorithms_;  // null: the first that launches
  std::string name_;
  OwnedStream stream_;
  CublasLtMatmul matmul_;
  CudnnConvolution convolution_;
};

}  // namespace

std::unique_ptr<Device> make_cuda_device(Precision precision,
                                         std::shared_ptr<MatmulAlgorithms> algorithms) {
  const CudaStatus status = cuda_status();
  FFWD_EXPECT(status.problem.empty(), "no usable GPU: " + status.problem);
  const std::string lacks = gpu_problem(status.gpus[0], precision);
  FFWD_EXPECT(lacks.empty(), lacks);
  FFWD_CHECK_CUDA(cudaSetDevice(0));
  return std::make_unique<CudaDevice>(precision, std::move(algorithms));
}

}  // namespace ffwd
