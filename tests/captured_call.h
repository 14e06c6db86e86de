// What tests/capture_test.cpp needs: operands of calls that can be compared byte by byte, and
// graphs of what a call queues. For builds with CUDA only.
#pragma once

#include <cuda_runtime.h>

#include "engine/buffer.h"
#include "kernels/check_cuda.h"
#include "kernels/random.h"

namespace ffwd::test {

// Device memory for the operands of a call; two of them that are asked for the same operands hold
// the same bits.
class Operands {
 public:
  explicit Operands(Device& device) : device_(&device) {}

  // Random in [0.25, 1), results as well: what a kernel does not write must stay what it was.
  VectorView<float> floats(int64_t size) {
    return {static_cast<float*>(random(size, DType::f32)), size};
  }
  VectorView<bfloat16> halves(int64_t size) {
    return {static_cast<bfloat16*>(random(size, DType::bf16)), size};
  }
  MatrixView matrix(int64_t rows, int64_t cols, DType dtype) {
    const int64_t stride = (cols + 7) / 8 * 8;
    return {random(rows * stride, dtype), dtype, rows, cols, stride};
  }
  // 0, 1, ..., below - 1 and again.
  VectorView<int32_t> integers(int64_t size, int32_t below) {
    std::vector<int32_t> values;
    for (int64_t i = 0; i < size; ++i) values.push_back(int32_t(i % below));
    return {static_cast<int32_t*>(keep(values)), size};
  }
  VectorView<RunningFigures> running_figures(int64_t size) {
    return {static_cast<RunningFigures*>(random(3 * size, DType::f32)), size};
  }
  VectorView<const StepValues> step_values() {
    return {static_cast<const StepValues*>(keep(std::vector<StepValues>{{0.5f, 0.5f, 0.5f, 3}})),
            1};
  }
  const uint8_t* pixels(int64_t size) {
    std::vector<uint8_t> values;
    for (int64_t i = 0; i < size; ++i) values.push_back(uint8_t(bits(i)));
    return static_cast<const uint8_t*>(keep(values));
  }

  // Everything, byte by byte.
  std::vector<std::vector<char>> download() const {
    std::vector<std::vector<char>> all;
    for (const Buffer& buffer : buffers_) {
      device_->download(all.emplace_back(size_t(buffer.bytes())).data(), buffer.data(),
                        buffer.bytes());
    }
    return all;
  }

 private:
  uint32_t bits(int64_t i) const {
    return random_bits(5, RandomUse::weights, uint64_t(i), uint32_t(buffers_.size())).word[0];
  }
  void* random(int64_t size, DType dtype) {
    void* data = nullptr;
    with_dtype(dtype, [&](auto zero) {
      std::vector<decltype(zero)> values(static_cast<size_t>(size));
      for (int64_t i = 0; i < size; ++i)
        store(values[size_t(i)], 0.25f + 0.75f * unit_interval(bits(i)));
      data = keep(values);
    });
    return data;
  }
  template <typename T>
  void* keep(const std::vector<T>& values) {
    const int64_t bytes = int64_t(values.size() * sizeof(T));
    const Buffer& buffer = buffers_.emplace_back(*device_, bytes);
    device_->upload(buffer.data(), values.data(), bytes);
    return buffer.data();
  }

  Device* device_;
  std::vector<Buffer> buffers_;
};

// What `call` queued on the stream, as a graph.
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
