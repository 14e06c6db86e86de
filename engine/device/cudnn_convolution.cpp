#include "engine/device/cudnn_convolution.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <string>

#include "kernels/accumulate.h"
#include "kernels/check_cuda.h"

namespace ffwd {
namespace {

constexpr float kOne = 1.0f, kZero = 0.0f;

// All of them add up in a fixed order and transform nothing (Winograd, Fourier): integers stay
// exact, and results repeat bit for bit.
constexpr auto kForwardAlgorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM,
               kSecondForwardAlgorithm = CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM;
constexpr auto kGradientAlgorithm = CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1;

void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  fail_call(call, file, line, cudnnGetErrorString(status),
            status == CUDNN_STATUS_INTERNAL_ERROR_HOST_ALLOCATION_FAILED ||
                status == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED);
}
#define FFWD_CHECK_CUDNN(call) check_cudnn((call), #call, __FILE__, __LINE__)

cudnnDataType_t cudnn_type(DType dtype) {
  return dtype == DType::f32 ? CUDNN_DATA_FLOAT : CUDNN_DATA_BFLOAT16;
}

// Owns a descriptor of cuDNN.
template <typename Handle, cudnnStatus_t (*create)(Handle*), cudnnStatus_t (*destroy)(Handle)>
class Descriptor {
 public:
  Descriptor() { FFWD_CHECK_CUDNN(create(&handle_)); }
  Descriptor(const Descriptor&) = delete;
  ~Descriptor() { destroy(handle_); }
  Handle get() const { return handle_; }

 private:
  Handle handle_ = nullptr;
};
using Tensor =
    Descriptor<cudnnTensorDescriptor_t, cudnnCreateTensorDescriptor, cudnnDestroyTensorDescriptor>;
using Filter =
    Descriptor<cudnnFilterDescriptor_t, cudnnCreateFilterDescriptor, cudnnDestroyFilterDescriptor>;
using Geometry = Descriptor<cudnnConvolutionDescriptor_t, cudnnCreateConvolutionDescriptor,
                            cudnnDestroyConvolutionDescriptor>;
using Window = Descriptor<cudnnPoolingDescriptor_t, cudnnCreatePoolingDescriptor,
                          cudnnDestroyPoolingDescriptor>;

// Images whose pixels are rows `stride` elements apart.
void describe(const Tensor& tensor, DType dtype, int64_t images, const ImageShape& shape,
              int64_t channels, int64_t stride) {
  FFWD_CHECK_CUDNN(cudnnSetTensor4dDescriptorEx(
      tensor.get(), cudnn_type(dtype), int(images), int(channels), int(shape.height),
      int(shape.width), int(shape.pixels() * stride), 1, int(shape.width * stride), int(stride)));
}

}  // namespace

// cuDNN wants pixels without gaps between them. So the padding of a row counts as channels of x and
// as units of z; the weights of both are zero.
struct CudnnConvolution::Plan {
  Tensor x, z;
  Filter weight;
  Geometry geometry;
  cudnnConvolutionFwdAlgo_t forward = kForwardAlgorithm;
  bool launched = false;  // it, at least once
  bool has_gradient = false;
  size_t weight_bytes = 0;
  // Weights and their gradient as cuDNN has them, where ours have other rows or another type. They
  // never move: a captured graph may hold their addresses.
  CudaMemory own_weight{nullptr, cudaFree}, own_gradient{nullptr, cudaFree};
};

CudnnConvolution::CudnnConvolution(Stream stream, bool tf32, int64_t largest_tensor)
    : stream_(stream), tf32_(tf32), largest_tensor_(largest_tensor) {}

CudnnConvolution::~CudnnConvolution() {
  plans_.clear();
  if (handle_) cudnnDestroy(handle_);
}

// Made when it is needed: most networks have no convolution, and every lane has a handle.
cudnnHandle_t CudnnConvolution::handle() {
  if (handle_ == nullptr) {
    cudnnHandle_t made = nullptr;
    FFWD_CHECK_CUDNN(cudnnCreate(&made));
    const cudnnStatus_t status = cudnnSetStream(made, stream_.handle);
    if (status != CUDNN_STATUS_SUCCESS) cudnnDestroy(made);
    FFWD_CHECK_CUDNN(status);
    handle_ = made;
  }
  return handle_;
}

CudnnConvolution::Plan& CudnnConvolution::plan_for(const ConvolutionShape& s,
                                                   const ConstMatrixView& x,
                                                   const ConstMatrixView& weight,
                                                   const ConstMatrixView& z) {
  const int64_t images = z.rows / s.output().pixels();
  const ConvolutionKey key = convolution_key(s, images, x, weight, z);
  const auto found = plans_.find(key);
  if (found != plans_.end()) return *found->second;

  FFWD_EXPECT(s.groups == 1 || (x.stride == s.input.channels && z.stride == s.units),
              "with groups, channels and units are multiples of 8");
  auto plan = std::make_unique<Plan>();
  const int64_t channels = s.groups == 1 ? x.stride : s.input.channels, units = z.stride;
  describe(plan->x, x.dtype, images, s.input, channels, x.stride);
  describe(plan->z, z.dtype, images, s.output(), units, z.stride);
  FFWD_CHECK_CUDNN(cudnnSetFilter4dDescriptor(
      plan->weight.get(), cudnn_type(x.dtype), CUDNN_TENSOR_NHWC, int(units),
      int(s.stored_channels()), int(s.kernel), int(s.kernel)));
  plan->weight_bytes = size_t(units * weight.cols * size_of(x.dtype));
  if (units != s.units || weight.stride != weight.cols) {
    plan->own_weight = zeroed_memory(plan->weight_bytes, stream_);
  }
  const cudnnMathType_t math = x.dtype == DType::bf16 ? CUDNN_TENSOR_OP_MATH
                               : tf32_                ? CUDNN_DEFAULT_MATH
                                                      : CUDNN_FMA_MATH;
  FFWD_CHECK_CUDNN(cudnnSetConvolution2dDescriptor(plan->geometry.get(), int(s.padding),
                                                   int(s.padding), int(s.stride), int(s.stride), 1,
                                                   1, CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
  FFWD_CHECK_CUDNN(cudnnSetConvolutionGroupCount(plan->geometry.get(), int(s.groups)));
  FFWD_CHECK_CUDNN(cudnnSetConvolutionMathType(plan->geometry.get(), math));

  if (take_forward(*plan, kForwardAlgorithm) != CUDNN_STATUS_SUCCESS) {
    FFWD_CHECK_CUDNN(take_forward(*plan, kSecondForwardAlgorithm));
  }
  return *plans_.emplace(key, std::move(plan)).first->second;
}

cudnnStatus_t CudnnConvolution::take_forward(Plan& plan, cudnnConvolutionFwdAlgo_t algorithm) {
  size_t bytes = 0;
  const cudnnStatus_t status =
      cudnnGetConvolutionForwardWorkspaceSize(handle(), plan.x.get(), plan.weight.get(),
                                              plan.geometry.get(), plan.z.get(), algorithm, &bytes);
  if (status == CUDNN_STATUS_SUCCESS) {
    plan.forward = algorithm;
    need(bytes);
  }
  return status;
}

// What a gradient needs besides; most plans are for classification alone.
void CudnnConvolution::prepare_gradient(Plan& plan, DType dtype) {
  if (plan.has_gradient) return;
  size_t bytes = 0;
  FFWD_CHECK_CUDNN(cudnnGetConvolutionBackwardFilterWorkspaceSize(
      handle(), plan.x.get(), plan.z.get(), plan.geometry.get(), plan.weight.get(),
      kGradientAlgorithm, &bytes));
  need(bytes);
  if (plan.own_weight || dtype != DType::f32) {
    plan.own_gradient = zeroed_memory(plan.weight_bytes, stream_);
  }
  plan.has_gradient = true;
}

// Workspaces that have become too small stay: a captured graph may hold their addresses.
void CudnnConvolution::need(size_t bytes) {
  if (bytes <= workspace_bytes_) return;
  workspaces_.push_back(zeroed_memory(bytes, stream_));
  workspace_bytes_ = bytes;
}

void* CudnnConvolution::workspace() const {
  return workspaces_.empty() ? nullptr : workspaces_.back().get();
}

int64_t CudnnConvolution::part_of(int64_t images, int64_t elements_an_image) const {
  FFWD_EXPECT(elements_an_image <= INT32_MAX, "an image of " + std::to_string(elements_an_image) +
                                                  " elements, expected at most " +
                                                  std::to_string(INT32_MAX));
  return std::min(images, std::max<int64_t>(1, largest_tensor_ / elements_an_image));
}

void CudnnConvolution::run(const Convolution& a) {
  check(a);
  const int64_t images = a.images(), in = a.shape.input.pixels(), out = a.shape.output().pixels();
  if (images == 0) return;
  const int64_t part = part_of(images, std::max(in * a.x.stride, out * a.z.stride));
  for_each_part(images, part, [&](int64_t first, int64_t count) {
    run_part({a.shape, a.x.row_range(first * in, count * in), a.weight,
              a.z.row_range(first * out, count * out)});
  });
}

void CudnnConvolution::run_part(const Convolution& a) {
  Plan& plan = plan_for(a.shape, a.x, a.weight, a.z);
  const void* weight = a.weight.data;
  if (plan.own_weight) {
    const size_t element = size_t(size_of(a.weight.dtype)), row = size_t(a.weight.cols) * element;
    FFWD_CHECK_CUDA(cudaMemcpy2DAsync(plan.own_weight.get(), row, weight,
                                      size_t(a.weight.stride) * element, row, size_t(a.weight.rows),
                                      cudaMemcpyDeviceToDevice, stream_.handle));
    weight = plan.own_weight.get();
  }
  const auto launch = [&] {
    return cudnnConvolutionForward(handle(), &kOne, plan.x.get(), a.x.data, plan.weight.get(),
                                   weight, plan.geometry.get(), plan.forward, workspace(),
                                   workspace_bytes_, &kZero, plan.z.get(), a.z.data);
  };
  cudnnStatus_t status = launch();
  if (status == CUDNN_STATUS_NOT_SUPPORTED && !plan.launched) {  // though it named a workspace
    FFWD_CHECK_CUDNN(take_forward(plan, kSecondForwardAlgorithm));
    status = launch();
  }
  check_cudnn(status, "cudnnConvolutionForward", __FILE__, __LINE__);
  plan.launched = true;
}

void CudnnConvolution::run(const ConvolutionGradient& a) {
  check(a);
  const int64_t images = a.images(), in = a.shape.input.pixels(), out = a.shape.output().pixels();
  FFWD_EXPECT(images > 0, "a gradient needs images");
  const int64_t part = part_of(images, std::max(in * a.x.stride, out * a.dz.stride));
  for_each_part(images, part, [&](int64_t first, int64_t count) {
    run_part({a.shape, a.x.row_range(first * in, count * in),
              a.dz.row_range(first * out, count * out), a.weight_gradient},
             first > 0);
  });
}

void CudnnConvolution::run_part(const ConvolutionGradient& a, bool add) {
  Plan& plan = plan_for(a.shape, a.x, a.weight_gradient, a.dz);
  prepare_gradient(plan, a.x.dtype);
  const MatrixView& gradient = a.weight_gradient;
  void* own = plan.own_gradient.get();
  FFWD_CHECK_CUDNN(cudnnConvolutionBackwardFilter(
      handle(), &kOne, plan.x.get(), a.x.data, plan.z.get(), a.dz.data, plan.geometry.get(),
      kGradientAlgorithm, workspace(), workspace_bytes_, add && !own ? &kOne : &kZero,
      plan.weight.get(), own ? own : gradient.data));
  if (own) {
    const ConstMatrixView term(own, a.x.dtype, gradient.rows, gradient.cols, gradient.cols);
    cuda::accumulate({term, gradient, add}, stream_);
  }
}

void CudnnConvolution::run(const Pooling& a) {
  check(a);
  const int64_t images = a.images(), in = a.shape.input.pixels(), out = a.shape.output().pixels();
  if (images == 0) return;
  const int64_t part = part_of(images, in * a.x.stride);
  for_each_part(images, part, [&](int64_t first, int64_t count) {
    run_part({a.shape, a.x.row_range(first * in, count * in),
              a.pooled.row_range(first * out, count * out)});
  });
}

void CudnnConvolution::run_part(const Pooling& a) {
  const PoolShape& s = a.shape;
  const Tensor x, pooled;
  const Window window;
  const int64_t channels = a.x.stride;  // with the padding of a row, for there must be no gaps
  describe(x, a.x.dtype, a.images(), s.input, channels, channels);
  describe(pooled, a.x.dtype, a.images(), s.output(), channels, channels);
  const auto mode = s.kind == PoolKind::max ? CUDNN_POOLING_MAX_DETERMINISTIC
                                            : CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING;
  const int side = int(s.window);
  FFWD_CHECK_CUDNN(cudnnSetPooling2dDescriptor(window.get(), mode, CUDNN_PROPAGATE_NAN, side, side,
                                               0, 0, side, side));
  FFWD_CHECK_CUDNN(cudnnPoolingForward(handle(), window.get(), &kOne, x.get(), a.x.data, &kZero,
                                       pooled.get(), a.pooled.data));
}

}  // namespace ffwd
