// The part of cuDNN that the engine calls, on the harness's streams, for images that lie channels
// last and without gaps. It is strict about that, about sizes and about workspaces. So that the
// second choice of an algorithm is tested, the one with precomputed indices refuses groups, and
// strides when it is launched. What a GPU's cuDNN has no algorithm for, it cannot tell.
#include <cudnn.h>
#include <dnnl.h>

#include <algorithm>
#include <limits>
#include <vector>

#include "simt/numbers.h"
#include "simt/runtime.h"

struct cudnnContext {
  cudaStream_t stream = nullptr;
};
struct cudnnTensorStruct {
  bool is_bf16 = false;
  std::int64_t images = 0, channels = 0, height = 0, width = 0;
  bool has_gaps = true;

  std::int64_t count() const { return images * height * width * channels; }
  std::int64_t place(std::int64_t image, std::int64_t y, std::int64_t x, std::int64_t c) const {
    return ((image * height + y) * width + x) * channels + c;
  }
};
struct cudnnFilterStruct {
  bool is_bf16 = false;
  std::int64_t units = 0, channels = 0, height = 0, width = 0;

  std::int64_t count() const { return units * channels * height * width; }
  std::int64_t place(std::int64_t unit, std::int64_t y, std::int64_t x, std::int64_t c) const {
    return ((unit * height + y) * width + x) * channels + c;
  }
};
struct cudnnConvolutionStruct {
  std::int64_t padding_y = 0, padding_x = 0, stride_y = 0, stride_x = 0, groups = 1;
  cudnnMathType_t math = CUDNN_DEFAULT_MATH;
};
struct cudnnPoolingStruct {
  cudnnPoolingMode_t mode = CUDNN_POOLING_MAX;
  std::int64_t height = 0, width = 0, stride_y = 0, stride_x = 0;
};

namespace ffwd::simt {
namespace {

constexpr std::size_t kWorkspace = 1 << 12;

bool is_known(cudnnDataType_t type) {
  return type == CUDNN_DATA_FLOAT || type == CUDNN_DATA_BFLOAT16;
}

std::int64_t windows(std::int64_t size, std::int64_t padding, std::int64_t window,
                     std::int64_t stride) {
  return (size + 2 * padding - window) / stride + 1;
}

struct Convolution {
  cudnnTensorStruct x, z;
  cudnnFilterStruct weight;
  cudnnConvolutionStruct geometry;

  bool fits() const {
    const cudnnConvolutionStruct& g = geometry;
    return !x.has_gaps && !z.has_gaps && x.is_bf16 == z.is_bf16 && x.is_bf16 == weight.is_bf16 &&
           x.images == z.images && x.channels == weight.channels * g.groups &&
           z.channels == weight.units && weight.units % g.groups == 0 &&
           z.height == windows(x.height, g.padding_y, weight.height, g.stride_y) &&
           z.width == windows(x.width, g.padding_x, weight.width, g.stride_x);
  }
  // As the products take them.
  std::vector<float> operands(const void* data, std::int64_t count) const {
    std::vector<float> values(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
      const float value = load(data, x.is_bf16, i);
      values[std::size_t(i)] = geometry.math == CUDNN_FMA_MATH ? value : rounded_to_tf32(value);
    }
    return values;
  }
  // What the outputs see of a group's channels through one place of the window, a row for each:
  // zeros where that is outside of the image.
  std::vector<float> seen(const std::vector<float>& images, std::int64_t group, std::int64_t ky,
                          std::int64_t kx) const {
    const std::int64_t channels = weight.channels;
    std::vector<float> rows(static_cast<std::size_t>(outputs() * channels), 0.0f);
    for (std::int64_t row = 0; row < outputs(); ++row) {
      const std::int64_t at = row % z.width, y = row / z.width % z.height;
      const std::int64_t from_y = y * geometry.stride_y + ky - geometry.padding_y;
      const std::int64_t from_x = at * geometry.stride_x + kx - geometry.padding_x;
      if (from_y < 0 || from_y >= x.height || from_x < 0 || from_x >= x.width) continue;
      const std::int64_t image = row / (z.width * z.height);
      std::copy_n(images.begin() + x.place(image, from_y, from_x, group * channels), channels,
                  rows.begin() + row * channels);
    }
    return rows;
  }
  std::int64_t outputs() const { return z.images * z.height * z.width; }
  // Calls visit(rows seen, first unit, first place of their weights) for all parts of the sums.
  template <typename Visit>
  void for_each_part(const std::vector<float>& images, Visit visit) const {
    for (std::int64_t group = 0; group < geometry.groups; ++group) {
      const std::int64_t unit = group * units();
      for (std::int64_t ky = 0; ky < weight.height; ++ky) {
        for (std::int64_t kx = 0; kx < weight.width; ++kx) {
          visit(seen(images, group, ky, kx), unit, weight.place(unit, ky, kx, 0));
        }
      }
    }
  }
  std::int64_t units() const { return weight.units / geometry.groups; }
  std::int64_t weights() const { return weight.height * weight.width * weight.channels; }
};

void convolve(const Convolution& c, const void* x, const void* weight_data, void* z) {
  const auto weight = c.operands(weight_data, c.weight.count());
  std::vector<float> sums(std::size_t(c.z.count()), 0.0f);
  c.for_each_part(c.operands(x, c.x.count()), [&](const auto& rows, auto unit, auto place) {
    dnnl_sgemm('N', 'T', c.outputs(), c.units(), c.weight.channels, 1.0f, rows.data(),
               c.weight.channels, weight.data() + place, c.weights(), 1.0f, sums.data() + unit,
               c.z.channels);
  });
  for (std::int64_t i = 0; i < c.z.count(); ++i) store(z, c.z.is_bf16, i, sums[std::size_t(i)]);
}

void add_up_gradient(const Convolution& c, const void* x, const void* dz_data, float beta,
                     void* gradient) {
  const auto dz = c.operands(dz_data, c.z.count());
  std::vector<float> sums(std::size_t(c.weight.count()), 0.0f);
  c.for_each_part(c.operands(x, c.x.count()), [&](const auto& rows, auto unit, auto place) {
    dnnl_sgemm('T', 'N', c.units(), c.weight.channels, c.outputs(), 1.0f, dz.data() + unit,
               c.z.channels, rows.data(), c.weight.channels, 1.0f, sums.data() + place,
               c.weights());
  });
  for (std::int64_t i = 0; i < c.weight.count(); ++i) {
    float value = sums[std::size_t(i)];
    if (beta != 0.0f) value += beta * load(gradient, c.weight.is_bf16, i);
    store(gradient, c.weight.is_bf16, i, value);
  }
}

void pool(const cudnnPoolingStruct& p, const cudnnTensorStruct& in, const void* x,
          const cudnnTensorStruct& out, void* pooled) {
  const bool takes_largest = p.mode == CUDNN_POOLING_MAX_DETERMINISTIC;
  for (std::int64_t i = 0; i < out.count(); ++i) {
    const std::int64_t c = i % out.channels, at = i / out.channels % out.width;
    const std::int64_t y = i / (out.channels * out.width) % out.height;
    const std::int64_t image = i / (out.channels * out.width * out.height);
    float largest = -std::numeric_limits<float>::infinity(), sum = 0.0f;
    for (std::int64_t ky = 0; ky < p.height; ++ky) {
      for (std::int64_t kx = 0; kx < p.width; ++kx) {
        const float value =
            load(x, in.is_bf16, in.place(image, y * p.stride_y + ky, at * p.stride_x + kx, c));
        largest = value > largest || value != value ? value : largest;
        sum += value;
      }
    }
    store(pooled, out.is_bf16, i, takes_largest ? largest : sum / float(p.height * p.width));
  }
}

bool is_one(const void* alpha) {
  return *static_cast<const float*>(alpha) == 1.0f;
}
bool is_zero(const void* beta) {
  return *static_cast<const float*>(beta) == 0.0f;
}

template <typename T>
cudnnStatus_t make(T** handle) {
  *handle = new T;
  return CUDNN_STATUS_SUCCESS;
}
template <typename T>
cudnnStatus_t destroy(T* handle) {
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace
}  // namespace ffwd::simt

using namespace ffwd::simt;

extern "C" {

std::size_t cudnnGetVersion() {
  return CUDNN_VERSION;
}
const char* cudnnGetErrorString(cudnnStatus_t status) {
  return status == CUDNN_STATUS_SUCCESS         ? "success"
         : status == CUDNN_STATUS_NOT_SUPPORTED ? "not supported"
         : status == CUDNN_STATUS_BAD_PARAM     ? "a bad parameter"
                                                : "another error of cuDNN";
}
cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) {
  if (refusal_while_capturing()) return CUDNN_STATUS_INTERNAL_ERROR;
  return make(handle);
}
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  return destroy(handle);
}
cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* tensor) {
  return make(tensor);
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t tensor) {
  return destroy(tensor);
}
cudnnStatus_t cudnnSetTensor4dDescriptorEx(cudnnTensorDescriptor_t tensor, cudnnDataType_t type,
                                           int images, int channels, int height, int width,
                                           int image_stride, int channel_stride, int row_stride,
                                           int pixel_stride) {
  if (!is_known(type) || images <= 0 || channels <= 0 || height <= 0 || width <= 0) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  const bool has_gaps = channel_stride != 1 || pixel_stride != channels ||
                        row_stride != width * pixel_stride || image_stride != height * row_stride;
  *tensor = {type == CUDNN_DATA_BFLOAT16, images, channels, height, width, has_gaps};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateFilterDescriptor(cudnnFilterDescriptor_t* filter) {
  return make(filter);
}
cudnnStatus_t cudnnDestroyFilterDescriptor(cudnnFilterDescriptor_t filter) {
  return destroy(filter);
}
cudnnStatus_t cudnnSetFilter4dDescriptor(cudnnFilterDescriptor_t filter, cudnnDataType_t type,
                                         cudnnTensorFormat_t format, int units, int channels,
                                         int height, int width) {
  if (!is_known(type) || format != CUDNN_TENSOR_NHWC) return CUDNN_STATUS_NOT_SUPPORTED;
  *filter = {type == CUDNN_DATA_BFLOAT16, units, channels, height, width};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateConvolutionDescriptor(cudnnConvolutionDescriptor_t* geometry) {
  return make(geometry);
}
cudnnStatus_t cudnnDestroyConvolutionDescriptor(cudnnConvolutionDescriptor_t geometry) {
  return destroy(geometry);
}
cudnnStatus_t cudnnSetConvolution2dDescriptor(cudnnConvolutionDescriptor_t geometry, int padding_y,
                                              int padding_x, int stride_y, int stride_x,
                                              int dilation_y, int dilation_x,
                                              cudnnConvolutionMode_t mode,
                                              cudnnDataType_t compute) {
  if (dilation_y != 1 || dilation_x != 1 || mode != CUDNN_CROSS_CORRELATION ||
      compute != CUDNN_DATA_FLOAT) {
    return CUDNN_STATUS_NOT_SUPPORTED;
  }
  *geometry = {padding_y, padding_x, stride_y, stride_x, geometry->groups, geometry->math};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolutionGroupCount(cudnnConvolutionDescriptor_t geometry, int groups) {
  if (groups < 1) return CUDNN_STATUS_BAD_PARAM;
  geometry->groups = groups;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnSetConvolutionMathType(cudnnConvolutionDescriptor_t geometry,
                                          cudnnMathType_t math) {
  geometry->math = math;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionForwardWorkspaceSize(cudnnHandle_t, cudnnTensorDescriptor_t x,
                                                      cudnnFilterDescriptor_t weight,
                                                      cudnnConvolutionDescriptor_t geometry,
                                                      cudnnTensorDescriptor_t z,
                                                      cudnnConvolutionFwdAlgo_t algorithm,
                                                      std::size_t* bytes) {
  if (!Convolution{*x, *z, *weight, *geometry}.fits()) return CUDNN_STATUS_BAD_PARAM;
  const bool precomputes = algorithm == CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_PRECOMP_GEMM;
  if (precomputes && geometry->groups > 1) return CUDNN_STATUS_NOT_SUPPORTED;
  if (!precomputes && algorithm != CUDNN_CONVOLUTION_FWD_ALGO_IMPLICIT_GEMM) {
    return CUDNN_STATUS_NOT_SUPPORTED;
  }
  *bytes = precomputes ? kWorkspace : 0;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnConvolutionForward(cudnnHandle_t handle, const void* alpha,
                                      cudnnTensorDescriptor_t x, const void* x_data,
                                      cudnnFilterDescriptor_t weight, const void* weight_data,
                                      cudnnConvolutionDescriptor_t geometry,
                                      cudnnConvolutionFwdAlgo_t algorithm, void* workspace,
                                      std::size_t workspace_bytes, const void* beta,
                                      cudnnTensorDescriptor_t z, void* z_data) {
  std::size_t needed = 0;
  const cudnnStatus_t status =
      cudnnGetConvolutionForwardWorkspaceSize(handle, x, weight, geometry, z, algorithm, &needed);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  if (needed > workspace_bytes || !is_one(alpha) || !is_zero(beta)) return CUDNN_STATUS_BAD_PARAM;
  if (needed > 0 && geometry->stride_x > 1) return CUDNN_STATUS_NOT_SUPPORTED;
  queue_with_workspace(handle->stream, workspace, needed,
                       [=, c = Convolution{*x, *z, *weight, *geometry}] {
                         convolve(c, x_data, weight_data, z_data);
                       });
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetConvolutionBackwardFilterWorkspaceSize(
    cudnnHandle_t, cudnnTensorDescriptor_t x, cudnnTensorDescriptor_t dz,
    cudnnConvolutionDescriptor_t geometry, cudnnFilterDescriptor_t gradient,
    cudnnConvolutionBwdFilterAlgo_t algorithm, std::size_t* bytes) {
  if (!Convolution{*x, *dz, *gradient, *geometry}.fits()) return CUDNN_STATUS_BAD_PARAM;
  if (algorithm != CUDNN_CONVOLUTION_BWD_FILTER_ALGO_1) return CUDNN_STATUS_NOT_SUPPORTED;
  *bytes = kWorkspace * 2;
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnConvolutionBackwardFilter(
    cudnnHandle_t handle, const void* alpha, cudnnTensorDescriptor_t x, const void* x_data,
    cudnnTensorDescriptor_t dz, const void* dz_data, cudnnConvolutionDescriptor_t geometry,
    cudnnConvolutionBwdFilterAlgo_t algorithm, void* workspace, std::size_t workspace_bytes,
    const void* beta, cudnnFilterDescriptor_t gradient, void* gradient_data) {
  std::size_t needed = 0;
  const cudnnStatus_t status = cudnnGetConvolutionBackwardFilterWorkspaceSize(
      handle, x, dz, geometry, gradient, algorithm, &needed);
  if (status != CUDNN_STATUS_SUCCESS) return status;
  if (needed > workspace_bytes || !is_one(alpha)) return CUDNN_STATUS_BAD_PARAM;
  const float old = *static_cast<const float*>(beta);
  queue_with_workspace(handle->stream, workspace, needed,
                       [=, c = Convolution{*x, *dz, *gradient, *geometry}] {
                         add_up_gradient(c, x_data, dz_data, old, gradient_data);
                       });
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreatePoolingDescriptor(cudnnPoolingDescriptor_t* window) {
  return make(window);
}
cudnnStatus_t cudnnDestroyPoolingDescriptor(cudnnPoolingDescriptor_t window) {
  return destroy(window);
}
cudnnStatus_t cudnnSetPooling2dDescriptor(cudnnPoolingDescriptor_t window, cudnnPoolingMode_t mode,
                                          cudnnNanPropagation_t nan, int height, int width,
                                          int padding_y, int padding_x, int stride_y,
                                          int stride_x) {
  const bool is_known_mode = mode == CUDNN_POOLING_MAX_DETERMINISTIC ||
                             mode == CUDNN_POOLING_AVERAGE_COUNT_EXCLUDE_PADDING;
  if (!is_known_mode || nan != CUDNN_PROPAGATE_NAN || padding_y != 0 || padding_x != 0) {
    return CUDNN_STATUS_NOT_SUPPORTED;
  }
  *window = {mode, height, width, stride_y, stride_x};
  return CUDNN_STATUS_SUCCESS;
}
cudnnStatus_t cudnnPoolingForward(cudnnHandle_t handle, cudnnPoolingDescriptor_t window,
                                  const void* alpha, cudnnTensorDescriptor_t x, const void* x_data,
                                  const void* beta, cudnnTensorDescriptor_t pooled,
                                  void* pooled_data) {
  const cudnnPoolingStruct& p = *window;
  if (x->has_gaps || pooled->has_gaps || x->is_bf16 != pooled->is_bf16 ||
      x->images != pooled->images || x->channels != pooled->channels ||
      pooled->height != windows(x->height, 0, p.height, p.stride_y) ||
      pooled->width != windows(x->width, 0, p.width, p.stride_x) || !is_one(alpha) ||
      !is_zero(beta)) {
    return CUDNN_STATUS_BAD_PARAM;
  }
  queue_kernel(handle->stream,
               [=, in = *x, out = *pooled] { pool(p, in, x_data, out, pooled_data); });
  return CUDNN_STATUS_SUCCESS;
}
}
