// Convolutions and pooling on the GPU by cuDNN, with algorithms that repeat bit for bit. Convolutions
// have one plan per shape, made once and then kept.
#pragma once

#include <cudnn.h>

#include <map>
#include <memory>
#include <vector>

#include "engine/device/convolution.h"
#include "engine/device/cuda_memory.h"
#include "kernels/stream.h"

namespace ffwd {

// Bound to one stream: its workspace must not serve two streams at once.
class CudnnConvolution {
 public:
  // With `tf32`, products of fp32 operands round them to TF32. One call gets tensors of this many
  // elements at most, but one image in any case; cuDNN counts them in 32 bits.
  CudnnConvolution(Stream stream, bool tf32, int64_t largest_tensor = int64_t(1) << 30);
  ~CudnnConvolution();
  CudnnConvolution(const CudnnConvolution&) = delete;
  CudnnConvolution& operator=(const CudnnConvolution&) = delete;

  // They queue their work; many images go in parts.
  void run(const Convolution& args);
  void run(const ConvolutionGradient& args);
  void run(const Pooling& args);

 private:
  struct Plan;

  // Images that go into one call.
  int64_t part_of(int64_t images, int64_t elements_an_image) const;
  void run_part(const Convolution& args);
  void run_part(const ConvolutionGradient& args, bool add);
  void run_part(const Pooling& args);
  cudnnHandle_t handle();
  Plan& plan_for(const ConvolutionShape& shape, const ConstMatrixView& x,
                 const ConstMatrixView& weight, const ConstMatrixView& z);
  // Plans the algorithm, if cuDNN has it for these shapes; else says why not.
  cudnnStatus_t take_forward(Plan& plan, cudnnConvolutionFwdAlgo_t algorithm);
  void prepare_gradient(Plan& plan, DType dtype);
  void need(size_t workspace_bytes);
  void* workspace() const;

  Stream stream_;
  bool tf32_;
  int64_t largest_tensor_;
  cudnnHandle_t handle_ = nullptr;  // from the first call on
  std::vector<CudaMemory> workspaces_;
  size_t workspace_bytes_ = 0;  // of the last one
  std::map<ConvolutionKey, std::unique_ptr<Plan>> plans_;
};

}  // namespace ffwd
