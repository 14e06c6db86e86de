// What a call queues on a stream, as a graph. For builds with CUDA only.
#pragma once

#include <cuda_runtime.h>

#include <string>
#include <vector>

#include "kernels/check_cuda.h"
#include "kernels/stream.h"

namespace ffwd::test {

class CapturedGraph {
 public:
  template <typename Call>
  CapturedGraph(Stream stream, const Call& call) : stream_(stream.handle) {
    FFWD_CHECK_CUDA(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeGlobal));
    std::string thrown;
    try {
      call();
    } catch (const Error& error) {
      thrown = error.what();
    }
    const cudaError_t ended = cudaStreamEndCapture(stream_, &graph_);
    if (!thrown.empty()) throw Error(thrown);
    FFWD_CHECK_CUDA(ended);
    FFWD_CHECK_CUDA(cudaGraphInstantiate(&executable_, graph_, 0));
  }
  ~CapturedGraph() {
    if (executable_) cudaGraphExecDestroy(executable_);
    if (graph_) cudaGraphDestroy(graph_);
  }
  CapturedGraph(const CapturedGraph&) = delete;
  CapturedGraph& operator=(const CapturedGraph&) = delete;

  void launch() const { FFWD_CHECK_CUDA(cudaGraphLaunch(executable_, stream_)); }
  std::vector<cudaGraphNodeType> nodes() const {
    size_t count = 0;
    FFWD_CHECK_CUDA(cudaGraphGetNodes(graph_, nullptr, &count));
    std::vector<cudaGraphNode_t> nodes(count);
    if (count > 0) FFWD_CHECK_CUDA(cudaGraphGetNodes(graph_, nodes.data(), &count));
    std::vector<cudaGraphNodeType> types;
    for (cudaGraphNode_t node : nodes)
      FFWD_CHECK_CUDA(cudaGraphNodeGetType(node, &types.emplace_back()));
    return types;
  }

 private:
  cudaStream_t stream_;
  cudaGraph_t graph_ = nullptr;
  cudaGraphExec_t executable_ = nullptr;
};

}  // namespace ffwd::test
