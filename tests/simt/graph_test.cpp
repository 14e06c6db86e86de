// Proves that the harness captures streams and plays graphs as CUDA does, and sees what a capture
// forbids, and a workspace that is used twice at once.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "kernels/check_cuda.h"
#include "simt/choice.h"
#include "simt/runtime.h"
#include "simt/schedule.h"

namespace ffwd {
namespace {

// Two streams, an event on each, and a record of the order in which their work was done.
class CaptureHarness : public testing::Test {
 protected:
  void SetUp() override {
    simt::set_schedule(0);
    for (int i = 0; i < 2; ++i) {
      FFWD_CHECK_CUDA(cudaStreamCreateWithFlags(&streams_[i], cudaStreamNonBlocking));
      FFWD_CHECK_CUDA(cudaEventCreate(&events_[i]));
    }
  }
  void TearDown() override {
    for (int i = 0; i < 2; ++i) {
      cudaEventDestroy(events_[i]);
      cudaStreamDestroy(streams_[i]);
    }
    (void)cudaGetLastError();
  }

  struct Note {
    std::string* done;
    char letter;
  };
  // Work that notes its letter.
  void queue(int stream, Note& note) {
    const auto write = [](void* data) {
      const Note& the_note = *static_cast<Note*>(data);
      *the_note.done += the_note.letter;
    };
    FFWD_CHECK_CUDA(cudaLaunchHostFunc(streams_[stream], write, &note));
  }
  void begin() {
    FFWD_CHECK_CUDA(cudaStreamBeginCapture(streams_[0], cudaStreamCaptureModeThreadLocal));
  }
  // What one stream did so far is before what the other does from now on.
  void join(int from, int to) {
    FFWD_CHECK_CUDA(cudaEventRecord(events_[from], streams_[from]));
    FFWD_CHECK_CUDA(cudaStreamWaitEvent(streams_[to], events_[from], 0));
  }
  // The capture's end, which forgets the graph.
  cudaError_t end() {
    cudaGraph_t graph = nullptr;
    const cudaError_t status = cudaStreamEndCapture(streams_[0], &graph);
    if (graph) cudaGraphDestroy(graph);
    return status;
  }

  cudaStream_t streams_[2] = {};
  cudaEvent_t events_[2] = {};
  std::string done_;
  Note a_{&done_, 'a'}, b_{&done_, 'b'}, c_{&done_, 'c'}, d_{&done_, 'd'};
};

TEST_F(CaptureHarness, PlaysWhatTwoStreamsCapturedInEveryOrderThatEventsAllow) {
  begin();
  queue(0, a_);
  join(0, 1);
  queue(1, b_);
  queue(0, c_);
  join(1, 0);
  queue(0, d_);
  cudaGraph_t graph = nullptr;
  FFWD_CHECK_CUDA(cudaStreamEndCapture(streams_[0], &graph));
  EXPECT_EQ(done_, "") << "nothing is done while a stream captures";
  cudaGraphExec_t executable = nullptr;
  FFWD_CHECK_CUDA(cudaGraphInstantiate(&executable, graph, 0));
  cudaGraphDestroy(graph);

  bool b_first = false, c_first = false;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    simt::set_schedule(seed);
    done_.clear();
    FFWD_CHECK_CUDA(cudaGraphLaunch(executable, streams_[0]));
    FFWD_CHECK_CUDA(cudaStreamSynchronize(streams_[0]));
    b_first = b_first || done_ == "abcd";
    c_first = c_first || done_ == "acbd";
    EXPECT_TRUE(done_ == "abcd" || done_ == "acbd") << done_;
  }
  EXPECT_TRUE(b_first && c_first);
  cudaGraphExecDestroy(executable);
}

TEST_F(CaptureHarness, EndsOnlyWhereItBegan) {
  begin();
  join(0, 1);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(streams_[1], &graph), cudaErrorStreamCaptureUnmatched);
  join(1, 0);
  EXPECT_EQ(end(), cudaSuccess);
  EXPECT_EQ(cudaStreamEndCapture(streams_[0], &graph), cudaErrorIllegalState);
}

TEST_F(CaptureHarness, SeesThatAStreamWasNotJoined) {
  begin();
  join(0, 1);
  queue(1, a_);
  EXPECT_EQ(end(), cudaErrorStreamCaptureUnjoined);
  queue(1, b_);
  FFWD_CHECK_CUDA(cudaStreamSynchronize(streams_[1]));
  EXPECT_EQ(done_, "b") << "both streams are out of the capture";
}

TEST_F(CaptureHarness, SeesAWaitForWorkOutsideOfIt) {
  FFWD_CHECK_CUDA(cudaEventRecord(events_[1], streams_[1]));
  begin();
  EXPECT_EQ(cudaStreamWaitEvent(streams_[0], events_[1], 0), cudaErrorStreamCaptureIsolation);
  EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated);
}

TEST_F(CaptureHarness, SeesAWaitForWhatWasOnlyCaptured) {
  begin();
  FFWD_CHECK_CUDA(cudaEventRecord(events_[0], streams_[0]));
  EXPECT_EQ(cudaEventSynchronize(events_[0]), cudaErrorCapturedEvent);
  EXPECT_EQ(end(), cudaSuccess);
  EXPECT_EQ(cudaStreamWaitEvent(streams_[1], events_[0], 0), cudaErrorCapturedEvent);
}

TEST_F(CaptureHarness, IsRuinedByWhatWaitsOrAllocates) {
  void* memory = nullptr;
  FFWD_CHECK_CUDA(cudaMalloc(&memory, 16));
  void* more = nullptr;
  char host[16] = {};
  const std::vector<std::function<cudaError_t()>> calls = {
      [&] { return cudaMalloc(&more, 16); },
      [&] { return cudaHostAlloc(&more, 16, 0); },
      [&] { return cudaFree(memory); },
      [&] { return cudaMemcpy(host, memory, 16, cudaMemcpyDeviceToHost); },
      [&] { return cudaStreamSynchronize(streams_[0]); },
      [&] { return cudaStreamQuery(streams_[0]); },
      [&] { return cudaDeviceSynchronize(); },
  };
  for (std::size_t i = 0; i < calls.size(); ++i) {
    begin();
    EXPECT_EQ(calls[i](), cudaErrorStreamCaptureUnsupported) << "call " << i;
    cudaStreamCaptureStatus status = cudaStreamCaptureStatusNone;
    FFWD_CHECK_CUDA(cudaStreamIsCapturing(streams_[0], &status));
    EXPECT_EQ(status, cudaStreamCaptureStatusInvalidated) << "call " << i;
    EXPECT_EQ(end(), cudaErrorStreamCaptureInvalidated) << "call " << i;
  }
  EXPECT_EQ(cudaStreamSynchronize(streams_[0]), cudaSuccess) << "it was a matter of the capture";
  EXPECT_EQ(cudaFree(memory), cudaSuccess);
}

// Two calls of a library that are queued on two streams, with a workspace each or one for both.
void use_workspaces(int count) {
  std::vector<void*> workspaces(2);
  cudaStream_t streams[2] = {};
  for (int i = 0; i < 2; ++i) {
    if (i < count) FFWD_CHECK_CUDA(cudaMalloc(&workspaces[i], 16));
    FFWD_CHECK_CUDA(cudaStreamCreateWithFlags(&streams[i], cudaStreamNonBlocking));
  }
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    simt::set_schedule(seed);
    for (int i = 0; i < 2; ++i) {
      simt::queue_with_workspace(streams[i], workspaces[i % count], 16, [] {});
    }
    FFWD_CHECK_CUDA(cudaDeviceSynchronize());
  }
  for (int i = 0; i < 2; ++i) {
    cudaFree(workspaces[i]);
    cudaStreamDestroy(streams[i]);
  }
}

TEST(Workspaces, AreNotForTwoStreamsAtOnce) {
  const bool was_lazy = simt::is_lazy();
  simt::set_lazy(true);
  use_workspaces(2);
  EXPECT_DEATH(use_workspaces(1), "a workspace serves two streams at once");
  simt::set_lazy(was_lazy);
}

}  // namespace
}  // namespace ffwd
