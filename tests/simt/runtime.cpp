// A small CUDA runtime: the functions that kernels, their tests and the code around them call, for
// one device whose memory is the program's own. It replaces cudart, so a program has the one or the
// other.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "simt/device_memory.h"
#include "simt/launch.h"
#include "simt/runtime.h"
#include "simt/scheduler.h"

// What the handles of CUDA's headers point to. A handle that is never destroyed shows as a leak.
struct CUstream_st {
  ffwd::simt::QueuePtr queue;
};
struct CUevent_st {
  ffwd::simt::OperationPtr recorded;
  std::shared_ptr<double> seconds;  // when it was over
  bool timed = true;
};

namespace ffwd::simt {
namespace {

constexpr std::size_t kDeviceBytes = std::size_t{16} << 30;  // what the device says it has

cudaError_t last_error = cudaSuccess;

double now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(since).count();
}

cudaError_t queue_work(cudaStream_t stream, cudaGraphNodeType kind, std::function<void()> work) {
  submit(queue_of(stream), kind, std::move(work));
  return cudaSuccess;
}

cudaError_t work_and_wait(cudaGraphNodeType kind, std::function<void()> work) {
  if (const cudaError_t refusal = refusal_while_capturing()) return refusal;
  complete(submit(default_queue(), kind, std::move(work)));
  return cudaSuccess;
}

cudaError_t allocate(void** memory, std::size_t bytes, void* (*allocator)(std::size_t)) {
  if (const cudaError_t refusal = refusal_while_capturing()) return refusal;
  *memory = bytes > 0 && bytes <= kDeviceBytes - device_bytes_taken() ? allocator(bytes) : nullptr;
  return bytes == 0 || *memory ? cudaSuccess : result(cudaErrorMemoryAllocation);
}

bool is_within(dim3 size, dim3 limit) {
  return size.x >= 1 && size.y >= 1 && size.z >= 1 && size.x <= limit.x && size.y <= limit.y &&
         size.z <= limit.z;
}

}  // namespace

Queue& queue_of(cudaStream_t stream) {
  return stream ? *stream->queue : default_queue();
}

void queue_kernel(cudaStream_t stream, std::function<void()> work) {
  submit(queue_of(stream), cudaGraphNodeTypeKernel, std::move(work));
}

void queue_with_workspace(cudaStream_t stream, void* workspace, std::size_t bytes,
                          std::function<void()> work) {
  static unsigned calls = 0;
  const auto mark = static_cast<unsigned char>(++calls);
  queue_kernel(stream, [=] { std::memset(workspace, mark, bytes); });
  queue_kernel(stream, [=, work = std::move(work)] {
    const auto* const written = static_cast<const unsigned char*>(workspace);
    if (std::count(written, written + bytes, mark) != std::ptrdiff_t(bytes)) {
      std::fprintf(stderr, "simt: a workspace serves two streams at once\n");
      std::abort();
    }
    work();
  });
}

cudaError_t result(cudaError_t status) {
  if (status != cudaSuccess) last_error = status;
  return status;
}

cudaError_t submit_grid(const cudaLaunchConfig_t& config, std::function<void()> body) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  if (!is_within(grid, {0x7fffffff, 65535, 65535}) || !is_within(block, {1024, 1024, 64}) ||
      block.x * block.y * block.z > 1024) {
    return result(cudaErrorInvalidConfiguration);
  }
  queue_kernel(config.stream,
               [grid, block, body = std::move(body)] { run_grid(grid, block, body); });
  return cudaSuccess;
}

}  // namespace ffwd::simt

using namespace ffwd::simt;

extern "C" {

// --- memory ----------------------------------------------------------------------------

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  return allocate(memory, bytes, allocate_device_memory);
}
cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  return allocate(memory, bytes, allocate_device_memory);
}
cudaError_t cudaMallocHost(void** memory, std::size_t bytes) {
  return allocate(memory, bytes, std::malloc);
}
cudaError_t cudaHostAlloc(void** memory, std::size_t bytes, unsigned) {
  return allocate(memory, bytes, std::malloc);
}
cudaError_t cudaFree(void* memory) {
  if (const cudaError_t refusal = refusal_while_capturing()) return refusal;
  complete_all();
  free_device_memory(memory);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  if (const cudaError_t refusal = refusal_while_capturing()) return refusal;
  complete_all();
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  return queue_work(stream, cudaGraphNodeTypeMemFree, [memory] { free_device_memory(memory); });
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = kDeviceBytes - device_bytes_taken();
  *total = kDeviceBytes;
  return cudaSuccess;
}

// In lazy mode host memory is read and written when the copy's turn comes, as a device does with
// page-locked memory.
cudaError_t cudaMemcpyAsync(void* target, const void* source, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return queue_work(stream, cudaGraphNodeTypeMemcpy, [=] { std::memmove(target, source, bytes); });
}
cudaError_t cudaMemcpy(void* target, const void* source, std::size_t bytes, cudaMemcpyKind) {
  return work_and_wait(cudaGraphNodeTypeMemcpy, [=] { std::memmove(target, source, bytes); });
}
cudaError_t cudaMemcpy2DAsync(void* target, std::size_t target_pitch, const void* source,
                              std::size_t source_pitch, std::size_t width, std::size_t height,
                              cudaMemcpyKind, cudaStream_t stream) {
  return queue_work(stream, cudaGraphNodeTypeMemcpy, [=] {
    for (std::size_t row = 0; row < height; ++row) {
      std::memmove(static_cast<char*>(target) + row * target_pitch,
                   static_cast<const char*>(source) + row * source_pitch, width);
    }
  });
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return queue_work(stream, cudaGraphNodeTypeMemset, [=] { std::memset(memory, value, bytes); });
}
cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  return work_and_wait(cudaGraphNodeTypeMemset, [=] { std::memset(memory, value, bytes); });
}

// --- streams and events ----------------------------------------------------------------

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned flags, int) {
  *stream = new CUstream_st{new_queue((flags & cudaStreamNonBlocking) == 0)};
  return cudaSuccess;
}
cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return cudaStreamCreateWithPriority(stream, flags, 0);
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cudaStreamCreateWithPriority(stream, cudaStreamDefault, 0);
}
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (queue_of(stream).capture) return refusal_while_capturing();
  const auto& operations = queue_of(stream).operations;
  if (!operations.empty()) complete(operations.back());
  return cudaSuccess;
}
cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  cudaStreamSynchronize(stream);
  delete stream;
  return cudaSuccess;
}
cudaError_t cudaStreamQuery(cudaStream_t stream) {
  if (queue_of(stream).capture) return refusal_while_capturing();
  advance();
  return queue_of(stream).operations.empty() ? cudaSuccess : cudaErrorNotReady;
}
// A stream that waits for captured work takes part in the capture from then on.
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (!event->recorded) return cudaSuccess;
  Queue& queue = queue_of(stream);
  const std::shared_ptr<Capture> captured_in = event->recorded->capture.lock();
  if (event->recorded->captured && !captured_in) return result(cudaErrorCapturedEvent);
  if (queue.capture && queue.capture != captured_in) {
    queue.capture->failed = true;
    return result(cudaErrorStreamCaptureIsolation);
  }
  queue.capture = captured_in;
  submit(
      queue, cudaGraphNodeTypeEmpty, [] {}, event->recorded);
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return queue_work(stream, cudaGraphNodeTypeHost, [=] { function(data); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->timed = (flags & cudaEventDisableTiming) == 0;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const auto seconds = std::make_shared<double>(0.0);
  event->seconds = seconds;
  event->recorded =
      submit(queue_of(stream), cudaGraphNodeTypeEmpty, [seconds] { *seconds = now(); });
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->recorded && event->recorded->captured) return result(cudaErrorCapturedEvent);
  complete(event->recorded);
  return cudaSuccess;
}
// Every question moves the streams on a little, so that a loop that asks comes to an end.
cudaError_t cudaEventQuery(cudaEvent_t event) {
  if (event->recorded && event->recorded->captured) return result(cudaErrorCapturedEvent);
  advance();
  return event->recorded && !event->recorded->done ? cudaErrorNotReady : cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  if (!start->recorded || !end->recorded || !start->timed || !end->timed) {
    return result(cudaErrorInvalidResourceHandle);
  }
  if (!start->recorded->done || !end->recorded->done) return result(cudaErrorNotReady);
  *milliseconds = float(1e3 * (*end->seconds - *start->seconds));
  return cudaSuccess;
}
cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

// --- the device ------------------------------------------------------------------------

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 1;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  return device == 0 ? cudaSuccess : result(cudaErrorInvalidDevice);
}
cudaError_t cudaDeviceSynchronize() {
  if (const cudaError_t refusal = refusal_while_capturing()) return refusal;
  complete_all();
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int) {
  *properties = {};
  std::strcpy(properties->name, "fibers on a CPU");
  properties->major = 9;
  properties->minor = 0;
  properties->multiProcessorCount = 2;
  properties->totalGlobalMem = kDeviceBytes;
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int) {
  if (attribute != cudaDevAttrL2CacheSize) return result(cudaErrorInvalidValue);
  *value = 1 << 20;
  return cudaSuccess;
}
cudaError_t cudaRuntimeGetVersion(int* version) {
  *version = CUDART_VERSION;
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  return cudaRuntimeGetVersion(version);
}
cudaError_t cudaProfilerStart() {
  return cudaSuccess;
}
cudaError_t cudaProfilerStop() {
  return cudaSuccess;
}

// --- errors ----------------------------------------------------------------------------

cudaError_t cudaGetLastError() {
  const cudaError_t error = last_error;
  last_error = cudaSuccess;
  return error;
}
cudaError_t cudaPeekAtLastError() {
  return last_error;
}
const char* cudaGetErrorName(cudaError_t error) {
  switch (error) {
    case cudaSuccess:
      return "cudaSuccess";
    case cudaErrorInvalidValue:
      return "cudaErrorInvalidValue";
    case cudaErrorMemoryAllocation:
      return "cudaErrorMemoryAllocation";
    case cudaErrorInvalidConfiguration:
      return "cudaErrorInvalidConfiguration";
    case cudaErrorInvalidDevice:
      return "cudaErrorInvalidDevice";
    case cudaErrorNotReady:
      return "cudaErrorNotReady";
    default:
      return "another CUDA error";
  }
}
const char* cudaGetErrorString(cudaError_t error) {
  return cudaGetErrorName(error);
}
}
