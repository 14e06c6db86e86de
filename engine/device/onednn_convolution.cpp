#include "engine/device/onednn_convolution.h"

#include <array>
#include <map>

#include "engine/device/onednn.h"

namespace ffwd {
namespace {

using dnnl::memory;

memory::desc pixels_desc(int64_t images, const ImageShape& shape, const ConstMatrixView& m) {
  return {{images, shape.channels, shape.height, shape.width},
          onednn_type(m.dtype),
          {shape.pixels() * m.stride, 1, shape.width * m.stride, m.stride}};
}

// x's pixels, with their padding as channels where the weights have columns for it.
memory::desc input_desc(const ConvolutionShape& s, int64_t images, const ConstMatrixView& x) {
  ImageShape shape = s.input;
  if (s.groups == 1) shape.channels = s.stored_channels();
  return pixels_desc(images, shape, x);
}

memory::dims weight_dims(const ConvolutionShape& s) {
  const int64_t c = s.stored_channels(), k = s.kernel;
  if (s.groups == 1) return {s.units, c, k, k};
  return {s.groups, s.units / s.groups, c, k, k};
}

// Our weights or their gradient.
memory::desc weight_desc(const ConvolutionShape& s, const ConstMatrixView& weight) {
  const auto type = onednn_type(weight.dtype);
  const int64_t c = s.stored_channels(), k = s.kernel, row = weight.stride;
  if (s.groups == 1) return {weight_dims(s), type, {row, 1, k * c, c}};
  return {weight_dims(s), type, {s.units / s.groups * row, row, 1, k * c, c}};
}

// In the layout that oneDNN would rather have.
memory::desc own_weight_desc(const ConvolutionShape& s, DType dtype) {
  return {weight_dims(s), onednn_type(dtype), memory::format_tag::any};
}

}  // namespace

struct OnednnConvolution::Primitives {
  // Images, kind, window and sides, the strides of the rows, and the element type.
  using PoolKey = std::array<int64_t, 9>;
  struct Weighted {
    memory::desc x, weight, z;
    memory own_weight;  // in the layout of the primitive
    dnnl::primitive run;
    dnnl::reorder reorder;  // between that layout and ours
  };
  struct Pool {
    memory::desc x, pooled;
    dnnl::primitive run;
  };

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<ConvolutionKey, Weighted> forward, gradient;
  std::map<PoolKey, Pool> pools;

  dnnl::convolution_forward::primitive_desc forward_desc(const ConvolutionShape& s, DType dtype,
                                                         const Weighted& w) const {
    const memory::dims stride(2, s.stride), padding(2, s.padding);
    return onednn_desc<dnnl::convolution_forward>(
        engine, dnnl::primitive_attr(), dnnl::prop_kind::forward_training,
        dnnl::algorithm::convolution_direct, w.x, own_weight_desc(s, dtype), w.z, stride, padding,
        padding);
  }

  static Weighted descs(const ConvolutionShape& s, int64_t images, const ConstMatrixView& x,
                        const ConstMatrixView& weight, const ConstMatrixView& z) {
    Weighted w;
    w.x = input_desc(s, images, x);
    w.weight = weight_desc(s, weight);
    w.z = pixels_desc(images, s.output(), z);
    return w;
  }

  const Weighted& forward_of(const Convolution& a) {
    const ConvolutionKey key = convolution_key(a.shape, a.images(), a.x, a.weight, a.z);
    const auto found = forward.find(key);
    if (found != forward.end()) return found->second;
    Weighted w = descs(a.shape, a.images(), a.x, a.weight, a.z);
    const auto desc = forward_desc(a.shape, a.x.dtype, w);
    w.own_weight = memory(desc.weights_desc(), engine);
    w.run = dnnl::convolution_forward(desc);
    w.reorder = dnnl::reorder({engine, w.weight, engine, desc.weights_desc()});
    return forward.emplace(key, w).first->second;
  }

  const Weighted& gradient_of(const ConvolutionGradient& a) {
    const ConvolutionKey key = convolution_key(a.shape, a.images(), a.x, a.weight_gradient, a.dz);
    const auto found = gradient.find(key);
    if (found != gradient.end()) return found->second;
    const ConvolutionShape& s = a.shape;
    Weighted w = descs(s, a.images(), a.x, a.weight_gradient, a.dz);
    const memory::dims stride(2, s.stride), padding(2, s.padding);
    const auto desc = onednn_desc<dnnl::convolution_backward_weights>(
        engine, forward_desc(s, a.x.dtype, w), dnnl::algorithm::convolution_direct, w.x,
        own_weight_desc(s, a.weight_gradient.dtype), w.z, stride, padding, padding);
    w.own_weight = memory(desc.diff_weights_desc(), engine);
    w.run = dnnl::convolution_backward_weights(desc);
    w.reorder = dnnl::reorder({engine, desc.diff_weights_desc(), engine, w.weight});
    return gradient.emplace(key, w).first->second;
  }

  const Pool& pool_of(const Pooling& a) {
    const PoolShape& s = a.shape;
    const PoolKey key = {a.images(),       int64_t(s.kind), s.window,
                         s.input.channels, s.input.height,  s.input.width,
                         a.x.stride,       a.pooled.stride, int64_t(a.x.dtype)};
    const auto found = pools.find(key);
    if (found != pools.end()) return found->second;
    Pool p;
    p.x = pixels_desc(a.images(), s.input, a.x);
    p.pooled = pixels_desc(a.images(), s.output(), a.pooled);
    const memory::dims window(2, s.window), none(2, 0);
    const auto algorithm = s.kind == PoolKind::max ? dnnl::algorithm::pooling_max
                                                   : dnnl::algorithm::pooling_avg_exclude_padding;
    p.run = OnednnPooling(onednn_desc<OnednnPooling>(
        engine, dnnl::primitive_attr(), dnnl::prop_kind::forward_inference, algorithm, p.x,
        p.pooled, window, window, none, none, none));
    return pools.emplace(key, p).first->second;
  }

  void run(const Convolution& a) {
    const Weighted& w = forward_of(a);
    memory weight = onednn_memory(engine, w.weight, a.weight.data), own = w.own_weight;
    w.reorder.execute(stream, weight, own);
    w.run.execute(stream, {{DNNL_ARG_SRC, onednn_memory(engine, w.x, a.x.data)},
                           {DNNL_ARG_WEIGHTS, w.own_weight},
                           {DNNL_ARG_DST, onednn_memory(engine, w.z, a.z.data)}});
    stream.wait();
  }

  void run(const ConvolutionGradient& a) {
    const Weighted& w = gradient_of(a);
    w.run.execute(stream, {{DNNL_ARG_SRC, onednn_memory(engine, w.x, a.x.data)},
                           {DNNL_ARG_DIFF_DST, onednn_memory(engine, w.z, a.dz.data)},
                           {DNNL_ARG_DIFF_WEIGHTS, w.own_weight}});
    memory gradient = onednn_memory(engine, w.weight, a.weight_gradient.data), own = w.own_weight;
    w.reorder.execute(stream, own, gradient);
    stream.wait();
  }

  void run(const Pooling& a) {
    const Pool& pool = pool_of(a);
    pool.run.execute(stream, {{DNNL_ARG_SRC, onednn_memory(engine, pool.x, a.x.data)},
                              {DNNL_ARG_DST, onednn_memory(engine, pool.pooled, a.pooled.data)}});
    stream.wait();
  }
};

OnednnConvolution::OnednnConvolution() : primitives_(std::make_unique<Primitives>()) {}
OnednnConvolution::~OnednnConvolution() = default;

void OnednnConvolution::run(const Convolution& a) {
  check(a);
  if (a.images() > 0) with_onednn([&] { primitives_->run(a); });
}

void OnednnConvolution::run(const ConvolutionGradient& a) {
  check(a);
  FFWD_EXPECT(a.images() > 0, "a gradient needs images");
  with_onednn([&] { primitives_->run(a); });
}

void OnednnConvolution::run(const Pooling& a) {
  check(a);
  if (a.images() > 0) with_onednn([&] { primitives_->run(a); });
}

}  // namespace ffwd
