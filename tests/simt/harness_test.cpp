// Proves that the harness sees the mistakes that it is there for, in the configuration that should
// see each, and that it stays silent about correct kernels.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "kernels/launch.cuh"
#include "simt/harness_kernels.h"
#include "simt/schedule.h"

namespace ffwd {
namespace {

// n elements of device memory, unwritten.
template <typename T>
class Device {
 public:
  explicit Device(std::size_t n) : n_(n) { FFWD_CHECK_CUDA(cudaMalloc(&data_, n * sizeof(T))); }
  explicit Device(const std::vector<T>& values) : Device(values.size()) {
    FFWD_CHECK_CUDA(cudaMemcpy(data_, values.data(), n_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  Device(const Device&) = delete;
  ~Device() { cudaFree(data_); }

  T* data() const { return data_; }
  std::vector<T> values() const {
    std::vector<T> values(n_);
    FFWD_CHECK_CUDA(cudaMemcpy(values.data(), data_, n_ * sizeof(T), cudaMemcpyDeviceToHost));
    return values;
  }

 private:
  T* data_ = nullptr;
  std::size_t n_;
};

template <typename T>
bool same_bits(const std::vector<T>& a, const std::vector<T>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// Numbers whose sums depend on the order.
std::vector<float> uneven(std::size_t n) {
  std::vector<float> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = std::sin(static_cast<float>(i)) * 1e3f;
  return values;
}

class Harness : public testing::Test {
 protected:
  void SetUp() override { simt::set_schedule(0); }
};

// --- out of bounds, freed, misaligned, leaked ------------------------------------------

void copy(const float4* in, int n) {
  Device<float4> out(static_cast<std::size_t>(n));
  launch(copy_vectors, 1, 32, kNoStream, in, out.data(), n);
  FFWD_CHECK_CUDA(cudaDeviceSynchronize());
}

float read(Memory memory, int index) {
  Device<float> out(1);
  launch(read_element, 1, 32, kNoStream, memory, index, out.data());
  return out.values()[0];
}

constexpr Memory kMemories[] = {Memory::static_array, Memory::static_array_by_pointer,
                                Memory::shared_macro, Memory::local};

TEST_F(Harness, IsSilentAboutCorrectMemoryUse) {
  const Device<float4> in(8);
  copy(in.data(), 8);
  for (const Memory memory : kMemories) {
    // A local array has the elements of its own thread only.
    EXPECT_EQ(read(memory, 3), memory == Memory::local ? 0.0f : 4.0f);
  }
}

#ifdef FFWD_SIMT_ASAN
using HarnessDeathTest = Harness;

TEST_F(HarnessDeathTest, SeesGlobalMemoryOutOfBounds) {
  const Device<float4> in(8);
  EXPECT_DEATH(copy(in.data(), 9),
               "block \\(0,0,0\\), thread \\(8,0,0\\).*heap-buffer-overflow.*harness_kernels.cu");
}

TEST_F(HarnessDeathTest, SeesStaticSharedMemoryOutOfBounds) {
  EXPECT_DEATH(read(Memory::static_array, 8), "harness_kernels.cu.*index 8 out of bounds");
  EXPECT_DEATH(read(Memory::static_array_by_pointer, 8), "global-buffer-overflow");
  EXPECT_DEATH(read(Memory::shared_macro, 8), "heap-buffer-overflow");
}

#ifdef __x86_64__  // elsewhere fibers switch by swapcontext(), which AddressSanitizer follows badly
TEST_F(HarnessDeathTest, SeesLocalArrayOutOfBounds) {
  EXPECT_DEATH(read(Memory::local, 8), "stack-buffer-overflow");
}
#endif

TEST_F(HarnessDeathTest, SeesTheHostFollowADevicePointer) {
  const Device<float> memory(std::vector<float>{1.0f});
  EXPECT_DEATH(std::printf("%f", *memory.data()), "use-after-poison");
}

TEST_F(HarnessDeathTest, SeesUseAfterFree) {
  float4* in = nullptr;
  FFWD_CHECK_CUDA(cudaMalloc(&in, 8 * sizeof(float4)));
  FFWD_CHECK_CUDA(cudaFree(in));
  EXPECT_DEATH(copy(in, 8), "heap-use-after-free");
}

#ifndef __clang__  // does not check the copy of a struct
TEST_F(HarnessDeathTest, SeesMisalignedVectors) {
  const Device<float> in(36);
  EXPECT_DEATH(copy(reinterpret_cast<const float4*>(in.data() + 1), 8), "misaligned address");
}
#endif

__attribute__((noinline)) void leak() {
  void* memory = nullptr;
  FFWD_CHECK_CUDA(cudaMalloc(&memory, 1000));
}

TEST_F(HarnessDeathTest, SeesLeaks) {
  const auto leak_and_exit = [] {
    leak();
    std::exit(0);
  };
  EXPECT_DEATH(leak_and_exit(), "detected memory leaks.*1000 byte.*cudaMalloc");
}
#endif

// --- unwritten memory ------------------------------------------------------------------

TEST_F(Harness, ShowsUnwrittenMemoryAsNaN) {
  EXPECT_TRUE(std::isnan(Device<float>(1).values()[0]));
  for (const Memory memory : kMemories) {
    if (memory == Memory::local) continue;
    EXPECT_TRUE(std::isnan(read(memory, 5))) << static_cast<int>(memory);
    EXPECT_TRUE(std::isnan(read(memory, 5))) << "the block before must leave nothing behind";
  }
}

// --- barriers --------------------------------------------------------------------------

using HarnessBarrierDeathTest = Harness;

TEST_F(HarnessBarrierDeathTest, NamesADeadlock) {
  const Device<float> out(64);
  launch(shuffle_of_some, 1, 64, kNoStream, 64, out.data());
  FFWD_CHECK_CUDA(cudaDeviceSynchronize());
  const auto deadlock = [&out] {
    launch(shuffle_of_some, 1, 64, kNoStream, 40, out.data());
    cudaDeviceSynchronize();
  };
  EXPECT_DEATH(
      deadlock(),
      "block \\(0,0,0\\).*deadlock.*"
      "thread \\(0,0,0\\) to \\(31,0,0\\) in __syncthreads at .*harness_kernels.cu:[0-9]+.*"
      "thread \\(32,0,0\\) to \\(39,0,0\\) in __shfl_down_sync with mask 0xffffffff at "
      ".*harness_kernels.cu:[0-9]+.*thread \\(40,0,0\\) to \\(63,0,0\\) in __syncthreads");
}

TEST_F(HarnessBarrierDeathTest, NamesDifferentBarriers) {
  const auto run = [](void (*kernel)(int), int argument) {
    launch(kernel, 1, 64, kNoStream, argument);
    cudaDeviceSynchronize();
  };
  const std::string both =
      "different barriers.*thread \\(0,0,0\\) in __syncthreads at .*harness_kernels.cu:[0-9]+.*"
      "thread \\(32,0,0\\) in __syncthreads at .*harness_kernels.cu:[0-9]+";
  run(barrier_in_loop, 1);
  EXPECT_DEATH(run(barrier_in_loop, 2), both);
  run(barrier_in_branches, 64);
  EXPECT_DEATH(run(barrier_in_branches, 32), both);
}

TEST_F(HarnessBarrierDeathTest, StopsABarrierOutsideAKernel) {
  EXPECT_DEATH(__syncthreads(), "__syncthreads outside a kernel");
}

TEST_F(Harness, CountsVotes) {
  const Device<int> out(1);
  const int expected[][3] = {{40, 0, 0}, {40, 7, 1007}, {40, 40, 3040}, {33, 33, 3033}};
  for (const auto& [stay, voters, result] : expected) {
    launch(barrier_votes, 1, 40, kNoStream, stay, voters, out.data());
    EXPECT_EQ(out.values()[0], result) << stay << " of 40 threads stay, " << voters << " vote";
  }
}

// --- races -----------------------------------------------------------------------------

std::vector<float> sum_rows(RowSums form) {
  constexpr int kRows = 5, kCols = 200, kThreads = 128;
  const Device<float> in(uneven(kRows * kCols)), out(kRows * kThreads);
  launch(row_sums, 1, kThreads, kNoStream, form, in.data(), out.data(), kRows, kCols);
  return out.values();
}

std::vector<float> swap_lanes(bool sync) {
  const Device<float> in(uneven(32)), out(32);
  launch(swap_neighbours, 1, 32, kNoStream, sync, in.data(), out.data());
  return out.values();
}

std::vector<float> publish_value(bool barrier) {
  const Device<float> out(64);
  launch(publish, 1, 64, kNoStream, barrier, out.data());
  return out.values();
}

std::vector<float> sum_by_last(bool fence) {
  const Device<unsigned> done(std::vector<unsigned>{0});
  const Device<float> partial(6 * 40), out(1);
  launch(sum_by_last_thread, 6, 40, kNoStream, fence, done.data(), partial.data(), out.data());
  return out.values();
}

int count(bool atomic) {
  const Device<int> counter(std::vector<int>{0});
  launch(count_threads, 1, 64, kNoStream, atomic, counter.data());
  return counter.values()[0];
}

// The schedules under which the bits are not those of `expected`.
std::set<std::uint64_t> different(const std::function<std::vector<float>()>& run,
                                  const std::vector<float>& expected) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < simt::kSchedules; ++seed) {
    simt::set_schedule(seed);
    if (!same_bits(run(), expected)) seeds.insert(seed);
  }
  return seeds;
}

TEST_F(Harness, IsSilentAboutCorrectSynchronisation) {
  const std::vector<float> in = uneven(32);
  std::vector<float> swapped = in;
  for (std::size_t i = 0; i < in.size(); ++i) swapped[i] = in[i ^ 1];
  const std::vector<float> sums = sum_rows(RowSums::correct);

  EXPECT_EQ(different([] { return sum_rows(RowSums::correct); }, sums).size(), 0u);
  EXPECT_EQ(different([] { return sum_rows(RowSums::no_last_barrier); }, sums).size(), 0u);
  EXPECT_EQ(different([] { return swap_lanes(true); }, swapped).size(), 0u);
  EXPECT_EQ(different([] { return publish_value(true); }, std::vector<float>(64, 7.0f)).size(), 0u);
  EXPECT_EQ(different([] { return sum_by_last(true); }, {239 * 240 / 2}).size(), 0u);
  EXPECT_EQ(count(true), 64);
}

#ifdef FFWD_SIMT_TSAN
using HarnessRaceDeathTest = Harness;

TEST_F(HarnessRaceDeathTest, SeesMissingBarriers) {
  EXPECT_DEATH(sum_rows(RowSums::no_barrier_before), "data race.*harness_kernels.cu");
  EXPECT_DEATH(sum_rows(RowSums::no_barrier_after), "data race.*harness_kernels.cu");
  EXPECT_DEATH(swap_lanes(false), "data race.*harness_kernels.cu");
  EXPECT_DEATH(publish_value(false), "data race.*harness_kernels.cu");
}

TEST_F(HarnessRaceDeathTest, SeesMissingFences) {
  EXPECT_DEATH(sum_by_last(false), "data race.*harness_kernels.cu");
}

TEST_F(HarnessRaceDeathTest, SeesNonAtomicUpdates) {
  EXPECT_DEATH(count(false), "data race.*harness_kernels.cu");
}
#else
TEST_F(Harness, ChangesTheBitsWhereABarrierIsMissing) {
  const std::vector<float> sums = sum_rows(RowSums::correct), swapped = swap_lanes(true);
  EXPECT_EQ(different([] { return swap_lanes(false); }, swapped).size(), simt::kSchedules);
  EXPECT_EQ(different([] { return sum_rows(RowSums::no_barrier_after); }, sums).size(),
            simt::kSchedules);
  // Takes a warp that runs ahead of the others by five shuffles.
  EXPECT_GT(different([] { return sum_rows(RowSums::no_barrier_before); }, sums).size(),
            simt::kSchedules / 3);
}
#endif

TEST_F(Harness, RunsBlocksInOtherOrders) {
  const auto run = [] {
    const Device<float> first(1), out(4);
    launch(read_first_block, 4, 1, kNoStream, first.data(), out.data());
    return out.values();
  };
  EXPECT_GE(different(run, {7, 7, 7, 7}).size(), simt::kSchedules / 2);
}

// --- warps and coordinates -------------------------------------------------------------

TEST_F(Harness, DoesWarpOperationsAsCudaDocumentsThem) {
  for (std::uint64_t seed = 0; seed < simt::kSchedules; ++seed) {
    simt::set_schedule(seed);
    const Device<unsigned> out(32 * kWarpResults);
    launch(warp_results, 1, 32, kNoStream, out.data());
    const std::vector<unsigned> results = out.values();
    for (unsigned lane = 0; lane < 32; ++lane) {
      const unsigned* result = &results[lane * kWarpResults];
      EXPECT_EQ(result[0], lane / 8 * 8 + 5);
      EXPECT_EQ(result[1], lane % 16 < 3 ? lane : lane - 3);
      EXPECT_EQ(result[2], lane % 16 > 12 ? lane : lane + 3);
      EXPECT_EQ(result[3], lane / 8 % 2 ? lane - 8 : lane);
      EXPECT_EQ(result[4], 0x49249249u);
      EXPECT_EQ(result[5], 1u);
      EXPECT_EQ(result[6], lane < 8 ? 0xaau : 0u);
    }
  }
}

TEST_F(Harness, DoesAtomics) {
  const unsigned initial[kAtomicResults] = {10, 10, 10, 10, 10, 0};
  const unsigned final[kAtomicResults] = {10 + 496, 0, 31, 5, 0, 2};
  const Device<unsigned> out(std::vector<unsigned>(initial, initial + kAtomicResults));
  launch(atomic_results, 1, 32, kNoStream, out.data());
  const std::vector<unsigned> results = out.values();
  for (int i = 0; i < kAtomicResults; ++i) EXPECT_EQ(results[i], final[i]) << i;
}

TEST_F(Harness, NumbersBlocksAndThreads) {
  const Device<uint3> blocks(6 * 24), threads(6 * 24);
  launch(coordinates, dim3(1, 2, 3), dim3(4, 3, 2), kNoStream, blocks.data(), threads.data());
  const std::vector<uint3> b = blocks.values(), t = threads.values();
  for (unsigned i = 0; i < 6 * 24; ++i) {
    EXPECT_EQ(b[i].x + b[i].y + 2 * b[i].z, i / 24);
    EXPECT_EQ(t[i].x + 4 * t[i].y + 12 * t[i].z, i % 24);
  }
}

// --- the runtime -----------------------------------------------------------------------

TEST_F(Harness, RefusesWhatADeviceRefuses) {
  const auto refused = [](dim3 grid, dim3 block) {
    try {
      launch(barrier_in_branches, grid, block, kNoStream, 1024);
    } catch (const Error& error) {
      return std::string(error.what()).find("cudaErrorInvalid") != std::string::npos;
    }
    return false;
  };
  EXPECT_FALSE(refused(1, 1024));
  EXPECT_TRUE(refused(1, 1025));
  EXPECT_TRUE(refused(1, 0));
  EXPECT_TRUE(refused(1, dim3(1, 1, 65)));
  EXPECT_TRUE(refused(dim3(1, 65536), 1));
  void* memory = nullptr;
  EXPECT_THROW(FFWD_CHECK_CUDA(cudaMalloc(&memory, std::size_t{1} << 40)), OutOfMemory);
}

class LazyHarness : public Harness {
 protected:
  void SetUp() override {
    Harness::SetUp();
    simt::set_lazy(true);
    FFWD_CHECK_CUDA(cudaStreamCreateWithFlags(&producer_, cudaStreamNonBlocking));
    FFWD_CHECK_CUDA(cudaStreamCreateWithFlags(&consumer_, cudaStreamNonBlocking));
    FFWD_CHECK_CUDA(cudaEventCreateWithFlags(&produced_, cudaEventDisableTiming));
  }
  void TearDown() override {
    FFWD_CHECK_CUDA(cudaEventDestroy(produced_));
    FFWD_CHECK_CUDA(cudaStreamDestroy(producer_));
    FFWD_CHECK_CUDA(cudaStreamDestroy(consumer_));
    simt::set_lazy(false);
  }

  // What the host sees of a value that one stream writes and another copies to the host.
  float copied(bool wait_for_event, bool synchronise) {
    const Device<float> value(1), out(1);
    float seen = 0.0f;
    launch(read_first_block, 1, 1, {producer_}, value.data(), out.data());
    FFWD_CHECK_CUDA(cudaEventRecord(produced_, producer_));
    if (wait_for_event) FFWD_CHECK_CUDA(cudaStreamWaitEvent(consumer_, produced_, 0));
    FFWD_CHECK_CUDA(
        cudaMemcpyAsync(&seen, out.data(), sizeof seen, cudaMemcpyDeviceToHost, consumer_));
    if (synchronise) FFWD_CHECK_CUDA(cudaStreamSynchronize(consumer_));
    const float result = seen;
    FFWD_CHECK_CUDA(cudaDeviceSynchronize());
    return result;
  }

  // In how many schedules the host sees the right value.
  std::uint64_t right(bool wait_for_event, bool synchronise) {
    std::uint64_t count = 0;
    for (std::uint64_t seed = 0; seed < simt::kSchedules; ++seed) {
      simt::set_schedule(seed);
      count += copied(wait_for_event, synchronise) == 7.0f;
    }
    return count;
  }

  cudaStream_t producer_ = nullptr, consumer_ = nullptr;
  cudaEvent_t produced_ = nullptr;
};

TEST_F(LazyHarness, KeepsTheOrderThatTheProgramAskedFor) {
  EXPECT_EQ(right(true, true), simt::kSchedules);
}

TEST_F(LazyHarness, ShowsAMissingSynchronise) {
  EXPECT_EQ(right(true, false), 0u);
}

TEST_F(LazyHarness, ShowsAMissingWaitBetweenStreams) {
  EXPECT_LT(right(false, true), simt::kSchedules);
}

}  // namespace
}  // namespace ffwd
