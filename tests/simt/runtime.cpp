// A small CUDA runtime: the functions that kernels, their tests and the code around them call, for
// one device whose memory is the program's own. It replaces cudart, so a program has the one or the
// other.
#include <cuda_runtime_api.h>

#include <cstdlib>
#include <cstring>

#include "simt/device_memory.h"
#include "simt/launch.h"
#include "simt/queue.h"
#include "simt/scheduler.h"

// What the handles of CUDA's headers point to. A handle that is never destroyed shows as a leak.
struct CUstream_st {
  ffwd::simt::QueuePtr queue;
};
struct CUevent_st {
  ffwd::simt::OperationPtr recorded;
};

namespace ffwd::simt {
namespace {

constexpr std::size_t kDeviceBytes = std::size_t{16} << 30;  // what the device says it has

cudaError_t last_error = cudaSuccess;

cudaError_t result(cudaError_t status) {
  if (status != cudaSuccess) last_error = status;
  return status;
}

Queue& queue_of(cudaStream_t stream) {
  return stream ? *stream->queue : default_queue();
}

cudaError_t queue_work(cudaStream_t stream, std::function<void()> work) {
  submit(queue_of(stream), std::move(work));
  return cudaSuccess;
}

cudaError_t queue_and_wait(cudaStream_t stream, std::function<void()> work) {
  complete(submit(queue_of(stream), std::move(work)));
  return cudaSuccess;
}

cudaError_t allocate(void** memory, std::size_t bytes, void* (*allocator)(std::size_t)) {
  *memory = bytes > 0 && bytes <= kDeviceBytes ? allocator(bytes) : nullptr;
  return bytes == 0 || *memory ? cudaSuccess : result(cudaErrorMemoryAllocation);
}

bool is_within(dim3 size, dim3 limit) {
  return size.x >= 1 && size.y >= 1 && size.z >= 1 && size.x <= limit.x && size.y <= limit.y &&
         size.z <= limit.z;
}

}  // namespace

cudaError_t submit_grid(const cudaLaunchConfig_t& config, std::function<void()> body) {
  const dim3 grid = config.gridDim, block = config.blockDim;
  if (!is_within(grid, {0x7fffffff, 65535, 65535}) || !is_within(block, {1024, 1024, 64}) ||
      block.x * block.y * block.z > 1024) {
    return result(cudaErrorInvalidConfiguration);
  }
  return queue_work(config.stream,
                    [grid, block, body = std::move(body)] { run_grid(grid, block, body); });
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
  complete_all();
  free_device_memory(memory);
  return cudaSuccess;
}
cudaError_t cudaFreeHost(void* memory) {
  complete_all();
  std::free(memory);
  return cudaSuccess;
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  return queue_work(stream, [memory] { free_device_memory(memory); });
}
cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  *free = *total = kDeviceBytes;
  return cudaSuccess;
}

// In lazy mode host memory is read and written when the copy's turn comes, as a device does with
// page-locked memory.
cudaError_t cudaMemcpyAsync(void* target, const void* source, std::size_t bytes, cudaMemcpyKind,
                            cudaStream_t stream) {
  return queue_work(stream, [=] { std::memmove(target, source, bytes); });
}
cudaError_t cudaMemcpy(void* target, const void* source, std::size_t bytes, cudaMemcpyKind) {
  return queue_and_wait(nullptr, [=] { std::memmove(target, source, bytes); });
}
cudaError_t cudaMemcpy2DAsync(void* target, std::size_t target_pitch, const void* source,
                              std::size_t source_pitch, std::size_t width, std::size_t height,
                              cudaMemcpyKind, cudaStream_t stream) {
  return queue_work(stream, [=] {
    for (std::size_t row = 0; row < height; ++row) {
      std::memmove(static_cast<char*>(target) + row * target_pitch,
                   static_cast<const char*>(source) + row * source_pitch, width);
    }
  });
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  return queue_work(stream, [=] { std::memset(memory, value, bytes); });
}
cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  return queue_and_wait(nullptr, [=] { std::memset(memory, value, bytes); });
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
  advance();
  return queue_of(stream).operations.empty() ? cudaSuccess : cudaErrorNotReady;
}
cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  submit(
      queue_of(stream), [] {}, event->recorded);
  return cudaSuccess;
}
cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t function, void* data) {
  return queue_work(stream, [=] { function(data); });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}
cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->recorded = submit(queue_of(stream), [] {});
  return cudaSuccess;
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  complete(event->recorded);
  return cudaSuccess;
}
// Every question moves the streams on a little, so that a loop that asks comes to an end.
cudaError_t cudaEventQuery(cudaEvent_t event) {
  advance();
  return event->recorded && !event->recorded->done ? cudaErrorNotReady : cudaSuccess;
}
cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t, cudaEvent_t) {
  *milliseconds = 0.0f;
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
  complete_all();
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
