#include "engine/device/onednn_matmul.h"

#include <map>
#include <tuple>

#include "engine/device/onednn.h"

namespace ffwd {

namespace {

using dnnl::memory;

void run_sgemm(const Matmul& a) {
  const dnnl_status_t status = dnnl_sgemm(
      a.transpose_a ? 'T' : 'N', a.transpose_b ? 'T' : 'N', a.m(), a.n(), a.k(), 1.0f,
      static_cast<const float*>(a.a.data), a.a.stride, static_cast<const float*>(a.b.data),
      a.b.stride, a.beta, static_cast<float*>(a.c.data), a.c.stride);
  dnnl::error::wrap_c_api(status, "no product of matrices");
}

memory::desc matrix_desc(const ConstMatrixView& m, bool transposed) {
  const auto type = onednn_type(m.dtype);
  if (transposed) return {{m.cols, m.rows}, type, memory::dims{1, m.stride}};
  return {{m.rows, m.cols}, type, memory::dims{m.stride, 1}};
}

// Whether oneDNN uses these instructions. A set holds the bits of those that it extends.
bool cpu_has(dnnl::cpu_isa set) {
  const auto used = unsigned(dnnl::get_effective_cpu_isa());
  return (used & unsigned(set)) == unsigned(set);
}

// Whether the product is the weight gradient of an inner product, for which oneDNN has faster code.
bool is_weight_gradient(const Matmul& m) {
  const auto dense = [](const ConstMatrixView& view) { return view.stride == view.cols; };
  return m.transpose_a && !m.transpose_b && m.c.dtype == DType::f32 && m.beta == 0.0f &&
         dense(m.a) && dense(m.b) && dense(m.c);
}

}  // namespace

struct OnednnMatmul::Primitives {
  struct Product {
    memory::desc a, b, c;
    int role_of_a, role_of_b, role_of_c;
    dnnl::primitive run;
  };
  // Sizes, transposes, the result's type, strides and beta.
  using Key =
      std::tuple<int64_t, int64_t, int64_t, bool, bool, DType, int64_t, int64_t, int64_t, float>;

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  std::map<Key, Product> products;

  const Product& product_of(const Matmul& m) {
    const Key key{m.m(),     m.n(),      m.k(),      m.transpose_a, m.transpose_b,
                  m.c.dtype, m.a.stride, m.b.stride, m.c.stride,    m.beta};
    const auto found = products.find(key);
    if (found != products.end()) return found->second;
    return products.emplace(key, is_weight_gradient(m) ? weight_gradient(m) : product(m))
        .first->second;
  }

  Product product(const Matmul& m) const {
    Product p{matrix_desc(m.a, m.transpose_a),
              matrix_desc(m.b, m.transpose_b),
              matrix_desc(m.c, false),
              DNNL_ARG_SRC,
              DNNL_ARG_WEIGHTS,
              DNNL_ARG_DST,
              {}};
    dnnl::primitive_attr attributes;
    if (m.beta != 0.0f) {
      dnnl::post_ops add;
      add.append_sum(m.beta);
      attributes.set_post_ops(add);
    }
    p.run = dnnl::matmul(onednn_desc<dnnl::matmul>(engine, attributes, p.a, p.b, p.c));
    return p;
  }

  // c = a^T b, as that of dst = src c^T: a is the gradient of dst, b is src.
  Product weight_gradient(const Matmul& m) const {
    Product p{matrix_desc(m.a, false),
              matrix_desc(m.b, false),
              matrix_desc(m.c, false),
              DNNL_ARG_DIFF_DST,
              DNNL_ARG_SRC,
              DNNL_ARG_DIFF_WEIGHTS,
              {}};
    const memory::desc any({m.m(), m.n()}, onednn_type(m.b.dtype), memory::format_tag::any);
    const auto forward = onednn_desc<dnnl::inner_product_forward>(
        engine, dnnl::primitive_attr(), dnnl::prop_kind::forward_training, p.b, any, p.a);
    p.run = dnnl::inner_product_backward_weights(
        onednn_desc<dnnl::inner_product_backward_weights>(engine, forward, p.b, p.c, p.a));
    return p;
  }

  void run(const Matmul& m) {
    const Product& p = product_of(m);
    p.run.execute(stream, {{p.role_of_a, onednn_memory(engine, p.a, m.a.data)},
                           {p.role_of_b, onednn_memory(engine, p.b, m.b.data)},
                           {p.role_of_c, onednn_memory(engine, p.c, m.c.data)}});
    stream.wait();
  }
};

OnednnMatmul::OnednnMatmul() : primitives_(std::make_unique<Primitives>()) {}
OnednnMatmul::~OnednnMatmul() = default;

void OnednnMatmul::run(const Matmul& a) {
  check(a);
  if (a.m() == 0 || a.n() == 0) return;
  with_onednn([&] {
    if (a.a.dtype == DType::f32) return run_sgemm(a);
    primitives_->run(a);
  });
}

bool onednn_has_bf16() {
  return cpu_has(dnnl::cpu_isa::avx512_core);
}

std::string onednn_description() {
  const dnnl_version_t* v = dnnl_version();
  const char* isa = cpu_has(dnnl::cpu_isa::avx512_core_amx)    ? "AVX-512 and AMX"
                    : cpu_has(dnnl::cpu_isa::avx512_core_bf16) ? "AVX-512 and its bf16 instructions"
                    : cpu_has(dnnl::cpu_isa::avx512_core)      ? "AVX-512"
                    : cpu_has(dnnl::cpu_isa::avx2)             ? "AVX2"
                                                               : "generic code";
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch) + " with " + isa;
}

}  // namespace ffwd
