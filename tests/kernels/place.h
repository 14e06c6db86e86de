// Where a kernel runs in a test, and the memory that it works on there.
//
// The same tests are built three ways: without CUDA, for the CPU twins alone; with FFWD_TEST_CUDA
// for a device; and with FFWD_TEST_CUDA against tests/simt, which runs the kernels on the CPU and
// brings CUDA's functions itself (FFWD_SIMT).
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <string>

#include "kernels/stream.h"
#include "tests/gpu_required.h"

#ifdef FFWD_TEST_CUDA
#include <cuda_runtime_api.h>
#endif

namespace ffwd::test {

enum class Place { cpu, cuda };

inline std::string name_of(Place place) {
  return place == Place::cpu ? "cpu" : "cuda";
}
inline void PrintTo(Place place, std::ostream* stream) {  // for GoogleTest
  *stream << name_of(place);
}

#ifdef FFWD_TEST_CUDA

inline constexpr Place kPlaces[] = {Place::cpu, Place::cuda};

inline void check_status(cudaError_t status, const char* call) {
  if (status == cudaSuccess) return;
  ADD_FAILURE() << call << ": " << cudaGetErrorString(status);
  std::abort();  // nothing that follows would mean anything
}
#define FFWD_TEST_CHECK(call) ::ffwd::test::check_status((call), #call)

inline bool gpu_present() {
  int count = 0;
  const bool present = cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  (void)cudaGetLastError();
  return present;
}

inline void* allocate(Place place, std::size_t bytes) {
  void* memory = nullptr;
  if (place == Place::cpu) return std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  FFWD_TEST_CHECK(cudaMalloc(&memory, bytes));
  return memory;
}

inline void release(Place place, void* memory) {
  if (place == Place::cpu) return std::free(memory);
  FFWD_TEST_CHECK(cudaFree(memory));
}

inline void copy_in(Place place, void* target, const void* source, std::size_t bytes) {
  if (place == Place::cpu) {
    std::memcpy(target, source, bytes);
  } else {
    FFWD_TEST_CHECK(cudaMemcpy(target, source, bytes, cudaMemcpyHostToDevice));
    FFWD_TEST_CHECK(cudaDeviceSynchronize());  // the copy may still be on its way
  }
}

inline void copy_out(Place place, void* target, const void* source, std::size_t bytes) {
  if (place == Place::cpu) {
    std::memcpy(target, source, bytes);
  } else {
    FFWD_TEST_CHECK(cudaMemcpy(target, source, bytes, cudaMemcpyDeviceToHost));
  }
}

// A stream that no work on the default stream waits for, or is waited for by.
class OwnStream {
 public:
  OwnStream() { FFWD_TEST_CHECK(cudaStreamCreateWithFlags(&stream_, cudaStreamNonBlocking)); }
  OwnStream(const OwnStream&) = delete;
  ~OwnStream() { FFWD_TEST_CHECK(cudaStreamDestroy(stream_)); }

  Stream get() const { return {stream_}; }
  void wait() const { FFWD_TEST_CHECK(cudaStreamSynchronize(stream_)); }

 private:
  cudaStream_t stream_ = nullptr;
};

// Calls queue(stream) and waits for that stream alone: work that is queued anywhere else is not
// waited for.
template <typename Queue>
void call_and_wait(Place place, const Queue& queue) {
  if (place == Place::cpu) return queue(kNoStream);
  const OwnStream stream;
  queue(stream.get());
  stream.wait();
}

#else

inline constexpr Place kPlaces[] = {Place::cpu};

inline bool gpu_present() {
  return false;
}
inline void* allocate(Place, std::size_t bytes) {
  return std::aligned_alloc(256, (bytes + 255) / 256 * 256);
}
inline void release(Place, void* memory) {
  std::free(memory);
}
inline void copy_in(Place, void* target, const void* source, std::size_t bytes) {
  std::memcpy(target, source, bytes);
}
inline void copy_out(Place, void* target, const void* source, std::size_t bytes) {
  std::memcpy(target, source, bytes);
}
template <typename Queue>
void call_and_wait(Place, const Queue& queue) {
  queue(kNoStream);
}

#endif

// In tests/simt under AddressSanitizer a block of device memory ends where its allocation does:
// there the sanitizer itself watches the end.
inline bool end_is_watched(Place place) {
#ifdef FFWD_SIMT_ASAN
  return place == Place::cuda;
#else
  (void)place;
  return false;
#endif
}

// Without a GPU a test that needs one is skipped; with FFWD_REQUIRE_GPU=1 it fails.
#define FFWD_SKIP_WITHOUT_GPU()                                 \
  if (!::ffwd::test::gpu_present()) {                           \
    if (::ffwd::test::gpu_required()) FAIL() << "no GPU found"; \
    GTEST_SKIP() << "no GPU found";                             \
  }

}  // namespace ffwd::test
