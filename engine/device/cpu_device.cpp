// The CPU back end: the kernels' CPU twins and oneDNN. Every call returns when its work is done.
#include <omp.h>
#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>

#include "engine/device/device.h"
#include "engine/device/onednn_convolution.h"
#include "engine/device/onednn_matmul.h"
#include "engine/device/unfolded_convolution.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace ffwd {
namespace {

// oneDNN shares work out among as many threads as it asks for, and nobody does the part of one that
// does not come, as under OMP_THREAD_LIMIT. So from here on only those are asked for that come.
void ask_for_threads_that_come() {
  int come = 1;
  omp_set_dynamic(0);
#pragma omp parallel
#pragma omp single
  come = omp_get_num_threads();
  omp_set_num_threads(come);
}

// Numbers below 1e-38 count as zero, on every thread. A row that is well on its right side has a
// gradient that small, and processors take a hundred times as long over such numbers.
void flush_denormals() {
#ifdef __x86_64__
  constexpr unsigned kFlushToZero = 0x8000, kDenormalsAreZero = 0x0040;
#pragma omp parallel
  _mm_setcsr(_mm_getcsr() | kFlushToZero | kDenormalsAreZero);
#endif
}

constexpr size_t kAlignment = 64;  // a cache line, and oneDNN's widest vector

class CpuEvent final : public Event {
 public:
  void reset() override {
    const std::lock_guard<std::mutex> lock(mutex_);
    recorded_ = false;
  }
  double seconds_since(const Event& earlier) const override {
    return std::chrono::duration<double>(time_ - dynamic_cast<const CpuEvent&>(earlier).time_)
        .count();
  }
  void record() {
    const std::lock_guard<std::mutex> lock(mutex_);
    time_ = std::chrono::steady_clock::now();
    recorded_ = true;
    changed_.notify_all();
  }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return recorded_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool recorded_ = false;
  std::chrono::steady_clock::time_point time_;
};

class CpuDevice final : public Device {
 public:
  explicit CpuDevice(Precision precision) : precision_(precision) {
    ask_for_threads_that_come();
    flush_denormals();
  }

  std::string name() const override {
    const int threads = omp_get_max_threads();
    return "CPU, " + std::to_string(threads) + (threads == 1 ? " thread" : " threads");
  }
  Precision precision() const override { return precision_; }
  Stream stream() const override { return kNoStream; }
  void wait() override {}
  bool queues() const override { return false; }

  std::unique_ptr<Device> make_lane(const std::string& name) override {
    pthread_setname_np(pthread_self(), name.substr(0, 15).c_str());  // Linux takes no more
    return std::make_unique<CpuDevice>(precision_);
  }
  std::unique_ptr<Event> make_event(bool) override { return std::make_unique<CpuEvent>(); }
  void record(Event& event) override { dynamic_cast<CpuEvent&>(event).record(); }
  void wait_for(Event& event) override { dynamic_cast<CpuEvent&>(event).wait(); }
  std::unique_ptr<Graph> capture(const std::function<void()>&) override {
    fail(__FILE__, __LINE__, "the CPU back end captures no graphs");
  }

  void* allocate(int64_t bytes) override {
    const size_t whole = (size_t(bytes) + kAlignment - 1) / kAlignment * kAlignment;
    void* memory = std::aligned_alloc(kAlignment, whole);
    if (memory == nullptr) {
      throw OutOfMemory("the CPU has no " + std::to_string(bytes >> 20) + " MiB of memory left");
    }
    std::memset(memory, 0, whole);
    return memory;
  }
  void release(void* memory) noexcept override { std::free(memory); }
  int64_t free_memory() const override {
    std::ifstream memory("/proc/meminfo");
    for (std::string word; memory >> word;) {
      int64_t kibibytes = 0;
      if (word == "MemAvailable:" && memory >> kibibytes) return kibibytes << 10;
    }
    return INT64_MAX;
  }
  void* allocate_host(int64_t bytes) override { return allocate(bytes); }
  void release_host(void* memory) noexcept override { release(memory); }
  void upload(void* device, const void* host, int64_t bytes) override {
    std::memcpy(device, host, size_t(bytes));
  }
  void download(void* host, const void* device, int64_t bytes) override {
    std::memcpy(host, device, size_t(bytes));
  }
  void copy(void* to, const void* from, int64_t bytes) override {
    std::memcpy(to, from, size_t(bytes));
  }
  void clear(void* device, int64_t bytes) override { std::memset(device, 0, size_t(bytes)); }

  void matmul(const Matmul& args) override {
    matmul_.run(args);
    if (args.sums.data) cpu::column_sum(sums_of(args), kNoStream);
  }
  void convolve(const Convolution& args) override {
    if (unfolding_pays(args)) return unfolded_.run(args);
    convolution_.run(args);
  }
  void convolution_gradient(const ConvolutionGradient& args) override {
    if (unfolding_pays(args)) return unfolded_.run(args);
    convolution_.run(args);
  }
  void pool(const Pooling& args) override { convolution_.run(args); }
#define FFWD_KERNEL(name, Arguments)          \
  void name(const Arguments& args) override { \
    cpu::name(args, kNoStream);               \
  }
  FFWD_KERNELS(FFWD_KERNEL)
#undef FFWD_KERNEL

 private:
  Precision precision_;
  OnednnMatmul matmul_;
  OnednnConvolution convolution_;
  UnfoldedConvolution unfolded_{matmul_};
};

}  // namespace

std::unique_ptr<Device> make_cpu_device(Precision precision) {
  const std::string problem = cpu_problem(precision);
  if (!problem.empty()) throw Error(problem);
  return std::make_unique<CpuDevice>(precision);
}

std::string cpu_problem(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "";
    case Precision::tf32:
      return "tf32 needs a GPU";
    case Precision::bf16:
      return onednn_has_bf16() ? "" : "bf16 needs a GPU or a processor with AVX-512";
  }
  fail(__FILE__, __LINE__, "unknown precision");
}

std::string cpu_library() {
  return onednn_description();
}

}  // namespace ffwd
