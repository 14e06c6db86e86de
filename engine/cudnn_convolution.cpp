#include "engine/cudnn_convolution.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <string>
#include <utility>

#include "kernels/check_cuda.h"
#include "kernels/widen.h"

namespace ffwd {
namespace {

constexpr size_t kWorkspaceBytes = size_t(256) << 20;
constexpr int64_t kLargestTensor = int64_t(1) << 30;  // elements in one call
constexpr float kOne = 1.0f, kZero = 0.0f;

void check_cudnn(cudnnStatus_t status, const char* call, const char* file, int line) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw Error(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
              cudnnGetErrorString(status));
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

// The first of cuDNN's proposals, best first, that works, repeats bit for bit and fits.
template <typename Proposal>
const Proposal& choose(const std::vector<Proposal>& proposals, int count) {
  for (int i = 0; i < count; ++i) {
    const Proposal& p = proposals[size_t(i)];
    if (p.status == CUDNN_STATUS_SUCCESS && p.determinism == CUDNN_DETERMINISTIC &&
        p.memory <= kWorkspaceBytes) {
      return p;
    }
  }
  throw Error("cuDNN has no deterministic algorithm for this convolution");
}

// Images that go into one call.
int64_t part_of(int64_t images, int64_t elements_an_image) {
  return std::min(images, std::max<int64_t>(1, kLargestTensor / elements_an_image));
}

}  // namespace

struct CudnnConvolution::Plan {
  Tensor x, z;
  Filter weight, gradient;
  Geometry forward_geometry, backward_geometry;  // they differ in the kind of arithmetic
  cudnnConvolutionFwdAlgoPerf_t forward = {};
  cudnnConvolutionBwdFilterAlgoPerf_t backward = {};
  // A bf16 weight gradient, before it becomes fp32.
  std::unique_ptr<void, cudaError_t (*)(void*)> narrow{nullptr, cudaFree};
};

CudnnConvolution::CudnnConvolution(Stream stream, bool tf32) : stream_(stream), tf32_(tf32) {}

CudnnConvolution::~CudnnConvolution() {
  plans_.clear();
  cudaFree(workspace_);
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
  const Key key{images,   s.input.channels, s.input.height, s.input.width,
                s.units,  s.kernel,         s.stride,       s.padding,
                s.groups, x.stride,         z.stride,       int64_t(x.dtype)};
  const auto found = plans_.find(key);
  if (found != plans_.end()) return *found->second;

  FFWD_EXPECT(weight.stride == weight.cols, "on the GPU the channels of a group come in eights");
  auto plan = std::make_unique<Plan>();
  const bool whole_rows = s.groups == 1;  // the padding of a row counts as channels
  describe(plan->x, x.dtype, images, s.input, whole_rows ? x.stride : s.input.channels, x.stride);
  describe(plan->z, z.dtype, images, s.output(), s.units, z.stride);
  for (const Filter* filter : {&plan->weight, &plan->gradient}) {
    FFWD_CHECK_CUDNN(cudnnSetFilter4dDescriptor(
        filter->get(), cudnn_type(x.dtype), CUDNN_TENSOR_NHWC, int(s.units),
        int(s.stored_channels()), int(s.kernel), int(s.kernel)));
  }
  const cudnnMathType_t math = x.dtype == DType::bf16 ? CUDNN_TENSOR_OP_MATH
                               : tf32_                ? CUDNN_DEFAULT_MATH
                                                      : CUDNN_FMA_MATH;
  for (const Geometry* geometry : {&plan->forward_geometry, &plan->backward_geometry}) {
    FFWD_CHECK_CUDNN(cudnnSetConvolution2dDescriptor(
        geometry->get(), int(s.padding), int(s.padding), int(s.stride), int(s.stride), 1, 1,
        CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT));
    FFWD_CHECK_CUDNN(cudnnSetConvolutionGroupCount(geometry->get(), int(s.groups)));
    FFWD_CHECK_CUDNN(cudnnSetConvolutionMathType(geometry->get(), math));
  }

  int count = 0;
  std::vector<cudnnConvolutionFwdAlgoPerf_t> forward(CUDNN_CONVOLUTION_FWD_ALGO_COUNT);
  FFWD_CHECK_CUDNN(cudnnGetConvolutionForwardAlgorithm_v7(
      handle(), plan->x.get(), plan->weight.get(), plan->forward_geometry.get(), plan->z.get(),
      int(forward.size()), &count, forward.data()));
  plan->forward = choose(forward, count);

  std::vector<cudnnConvolutionBwdFilterAlgoPerf_t> backward(
      CUDNN_CONVOLUTION_BWD_FILTER_ALGO_COUNT);
  FFWD_CHECK_CUDNN(cudnnGetConvolutionBackwardFilterAlgorithm_v7(
      handle(), plan->x.get(), plan->z.get(), plan->backward_geometry.get(), plan->gradient.get(),
      int(backward.size()), &count, backward.data()));
  plan->backward = choose(backward, count);

  // A proposal is an algorithm and the arithmetic that it was meant for, which its memory goes with.
  FFWD_CHECK_CUDNN(
      cudnnSetConvolutionMathType(plan->forward_geometry.get(), plan->forward.mathType));
  FFWD_CHECK_CUDNN(
      cudnnSetConvolutionMathType(plan->backward_geometry.get(), plan->backward.mathType));
  need(std::max(plan->forward.memory, plan->backward.memory));
  return *plans_.emplace(key, std::move(plan)).first->second;
}

// The workspace never moves: a captured graph may hold its address.
void CudnnConvolution::need(size_t workspace_bytes) {
  if (workspace_bytes > 0 && workspace_ == nullptr) {
    FFWD_CHECK_CUDA(cudaMalloc(&workspace_, kWorkspaceBytes));
  }
}

void CudnnConvolution::run(const Convolution& a) {
  check(a);
  const int64_t images = a.images(), in = a.shape.input.pixels(), out = a.shape.output().pixels();
  if (images == 0) return;
  const int64_t part = part_of(images, std::max(in * a.x.stride, out * a.z.stride));
  for (int64_t first = 0; first < images; first += part) {
    const int64_t count = std::min(part, images - first);
    run_part({a.shape, a.x.row_range(first * in, count * in), a.weight,
              a.z.row_range(first * out, count * out)});
  }
}

void CudnnConvolution::run_part(const Convolution& a) {
  const Plan& plan = plan_for(a.shape, a.x, a.weight, a.z);
  FFWD_CHECK_CUDNN(
      cudnnConvolutionForward(handle(), &kOne, plan.x.get(), a.x.data, plan.weight.get(),
                              a.weight.data, plan.forward_geometry.get(), plan.forward.algo,
                              workspace_, plan.forward.memory, &kZero, plan.z.get(), a.z.data));
}

void CudnnConvolution::run(const ConvolutionGradient& a) {
  check(a);
  const int64_t images = a.images(), in = a.shape.input.pixels(), out = a.shape.output().pixels();
  FFWD_EXPECT(images > 0, "a gradient needs images");
  const int64_t part = part_of(images, std::max(in * a.x.stride, out * a.dz.stride));
  for (int64_t first = 0; first < images; first += part) {
    const int64_t count = std::min(part, images - first);
    run_part({a.shape, a.x.row_range(first * in, count * in),
              a.dz.row_range(first * out, count * out), a.weight_gradient},
             first > 0);
  }
}

// cuDNN gives a gradient in the type of its operands; ours is fp32. What is between belongs to the
// plan, for it must not move either.
void CudnnConvolution::run_part(const ConvolutionGradient& a, bool add) {
  Plan& plan = plan_for(a.shape, a.x, a.weight_gradient, a.dz);
  const int64_t size = a.weight_gradient.rows * a.weight_gradient.stride;
  const bool narrow = a.x.dtype == DType::bf16;
  if (narrow && !plan.narrow) {
    void* memory = nullptr;
    FFWD_CHECK_CUDA(cudaMalloc(&memory, size_t(size) * sizeof(bfloat16)));
    plan.narrow.reset(memory);
  }
  FFWD_CHECK_CUDNN(cudnnConvolutionBackwardFilter(
      handle(), &kOne, plan.x.get(), a.x.data, plan.z.get(), a.dz.data,
      plan.backward_geometry.get(), plan.backward.algo, workspace_, plan.backward.memory,
      add && !narrow ? &kOne : &kZero, plan.gradient.get(),
      narrow ? plan.narrow.get() : a.weight_gradient.data));
  if (narrow) {
    cuda::widen({{static_cast<const bfloat16*>(plan.narrow.get()), size},
                 {static_cast<float*>(a.weight_gradient.data), size},
                 add},
                stream_);
  }
}

void CudnnConvolution::run(const Pooling& a) {
  check(a);
  const int64_t images = a.images(), in = a.shape.input.pixels(), out = a.shape.output().pixels();
  if (images == 0) return;
  const int64_t part = part_of(images, in * a.x.stride);
  for (int64_t first = 0; first < images; first += part) {
    const int64_t count = std::min(part, images - first);
    run_part({a.shape, a.x.row_range(first * in, count * in),
              a.pooled.row_range(first * out, count * out)});
  }
}

void CudnnConvolution::run_part(const Pooling& a) {
  const PoolShape& s = a.shape;
  const Tensor x, pooled;
  const Window window;
  const int64_t channels = s.input.channels;
  describe(x, a.x.dtype, a.images(), s.input, channels, a.x.stride);
  describe(pooled, a.x.dtype, a.images(), s.output(), channels, a.pooled.stride);
  const auto mode = s.kind == PoolKind::max ? CUDNN_POOLING_MAX_DETERMINISTIC
                                            : CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING;
  const int side = int(s.window);
  FFWD_CHECK_CUDNN(cudnnSetPooling2dDescriptor(window.get(), mode, CUDNN_PROPAGATE_NAN, side, side,
                                               0, 0, side, side));
  FFWD_CHECK_CUDNN(cudnnPoolingForward(handle(), window.get(), &kOne, x.get(), a.x.data, &kZero,
                                       pooled.get(), a.pooled.data));
}

}  // namespace ffwd
