#include "engine/onednn_matmul.h"

#include <dnnl.hpp>

namespace ffwd {

void check(const Matmul& a) {
  const int64_t a_rows = a.transpose_a ? a.a.cols : a.a.rows;
  const int64_t b_rows = a.transpose_b ? a.b.cols : a.b.rows;
  const int64_t b_cols = a.transpose_b ? a.b.rows : a.b.cols;
  FFWD_EXPECT(a_rows == a.m() && b_cols == a.n() && b_rows == a.k(),
              "shapes must fit: (M,K) (K,N) -> (M,N)");
  FFWD_EXPECT(a.k() > 0, "the inner dimension must be above 0");
  FFWD_EXPECT(a.a.dtype == a.b.dtype, "operands share an element type");
  FFWD_EXPECT(a.c.dtype == a.a.dtype || a.c.dtype == DType::f32,
              "the result is fp32 or of the operands' type");
  if (a.sums.data == nullptr) return;
  FFWD_EXPECT(a.transpose_a && a.beta == 0.0f && a.c.dtype == DType::f32,
              "sums come with an fp32 product of a^T that nothing is added to");
  check(sums_of(a));
}

void onednn_matmul(const Matmul& a) {
  check(a);
  FFWD_EXPECT(a.a.dtype == DType::f32, "the CPU back end multiplies fp32 only");
  if (a.m() == 0 || a.n() == 0) return;
  const auto status = dnnl::sgemm(a.transpose_a ? 'T' : 'N', a.transpose_b ? 'T' : 'N', a.m(),
                                  a.n(), a.k(), a.alpha, static_cast<const float*>(a.a.data),
                                  a.a.stride, static_cast<const float*>(a.b.data), a.b.stride,
                                  a.beta, static_cast<float*>(a.c.data), a.c.stride);
  FFWD_EXPECT(status == dnnl::status::success, "oneDNN's sgemm failed");
}

std::string onednn_description() {
  const dnnl_version_t* v = dnnl_version();
  std::string isa = "generic code";
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx2:
    case dnnl::cpu_isa::avx2_vnni:
      isa = "AVX2";
      break;
    case dnnl::cpu_isa::avx512_core:
    case dnnl::cpu_isa::avx512_core_vnni:
    case dnnl::cpu_isa::avx512_core_bf16:
    case dnnl::cpu_isa::avx512_core_amx:
      isa = "AVX-512";
      break;
    default:
      break;
  }
  return "oneDNN " + std::to_string(v->major) + "." + std::to_string(v->minor) + "." +
         std::to_string(v->patch) + " with " + isa;
}

}  // namespace ffwd
