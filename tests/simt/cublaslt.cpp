// The part of cuBLASLt that the engine calls, on the harness's streams. It is strict about sizes,
// strides, alignments and workspaces. So that every way of the engine is tested, it names three
// algorithms for each product: one that refuses when it is launched, one that splits the sum in two
// and needs workspace, and one that adds up in order, which rounds otherwise. And it has none for
// the sums of few columns. Which algorithms a GPU's cuBLASLt has, and in which order it adds up, it
// cannot tell; reduction schemes are all the same to it.
#include <cublasLt.h>
#include <dnnl.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

#include "simt/numbers.h"
#include "simt/runtime.h"

namespace ffwd::simt {
namespace {

struct Layout {
  cudaDataType_t type;
  std::int64_t rows, cols, stride;  // column-major

  bool is_bf16() const { return type == CUDA_R_16BF; }
};

struct Request {
  bool tf32 = false;
  cublasOperation_t transpose_a = CUBLAS_OP_N, transpose_b = CUBLAS_OP_N;
  cublasLtEpilogue_t epilogue = CUBLASLT_EPILOGUE_DEFAULT;
  int sums_type = -1;  // that of D
  float* sums = nullptr;

  bool has_sums() const { return epilogue == CUBLASLT_EPILOGUE_BGRADB; }
};

struct Preference {
  std::uint64_t workspace = 0;
  std::uint32_t alignments[4] = {256, 256, 256, 256};  // of A, B, C and D
};

enum class Kind : std::uint64_t { refuses = 1, in_halves, in_order };
constexpr std::size_t kHalvesWorkspace = 1 << 16;
constexpr std::int64_t kFewestSums = 16;

// What is behind the words of a cublasLtMatmulAlgo_t.
struct Algorithm {
  Kind kind;
  std::uint32_t operand_type, has_sums;
  std::uint32_t alignments[4];
  std::uint64_t alignment_of_sums;
  std::uint64_t unused[3];

  std::size_t workspace() const { return kind == Kind::in_halves ? kHalvesWorkspace : 0; }
};
static_assert(sizeof(Algorithm) == sizeof(cublasLtMatmulAlgo_t));

template <typename Ours, typename Handle>
Ours& ours(Handle handle) {
  return *reinterpret_cast<Ours*>(handle);
}

// A product as it is asked for: (m x k) times (k x n), if it fits.
struct Product {
  Request request;
  Layout a, b, c, d;
  std::int64_t m, n, k;

  Product(cublasLtMatmulDesc_t what, cublasLtMatrixLayout_t a_layout,
          cublasLtMatrixLayout_t b_layout, cublasLtMatrixLayout_t c_layout,
          cublasLtMatrixLayout_t d_layout)
      : request(ours<Request>(what)),
        a(ours<Layout>(a_layout)),
        b(ours<Layout>(b_layout)),
        c(ours<Layout>(c_layout)),
        d(ours<Layout>(d_layout)),
        m(request.transpose_a == CUBLAS_OP_T ? a.cols : a.rows),
        n(request.transpose_b == CUBLAS_OP_T ? b.rows : b.cols),
        k(request.transpose_a == CUBLAS_OP_T ? a.rows : a.cols) {}

  bool fits() const {
    const auto is_stored = [](const Layout& x) { return x.stride >= x.rows && x.rows > 0; };
    const std::int64_t other_k = request.transpose_b == CUBLAS_OP_T ? b.cols : b.rows;
    return k == other_k && c.rows == m && c.cols == n && d.rows == m && d.cols == n &&
           a.type == b.type && c.type == d.type && c.stride == d.stride && is_stored(a) &&
           is_stored(b) && is_stored(d) && (!request.has_sums() || request.sums != nullptr);
  }
  bool has_algorithm() const {
    return !request.has_sums() || (n >= kFewestSums && d.type == CUDA_R_32F &&
                                   (request.sums_type == -1 || request.sums_type == d.type));
  }
};

// The elements of op(x) as floats, rounded as the product takes them, column after column.
std::vector<float> unpacked(const void* data, const Layout& x, bool transposed, bool tf32) {
  const std::int64_t rows = transposed ? x.cols : x.rows, cols = transposed ? x.rows : x.cols;
  std::vector<float> values(std::size_t(rows * cols));
  for (std::int64_t col = 0; col < cols; ++col) {
    for (std::int64_t row = 0; row < rows; ++row) {
      const std::int64_t place = transposed ? row * x.stride + col : col * x.stride + row;
      const float value = load(data, x.is_bf16(), place);
      values[std::size_t(col * rows + row)] = tf32 ? rounded_to_tf32(value) : value;
    }
  }
  return values;
}

void multiply(const Product& p, Kind kind, float alpha, const void* a_data, const void* b_data,
              float beta, const void* c_data, void* d_data) {
  const Request& op = p.request;
  const auto a = unpacked(a_data, p.a, op.transpose_a == CUBLAS_OP_T, op.tf32);
  const auto b = unpacked(b_data, p.b, op.transpose_b == CUBLAS_OP_T, op.tf32);
  std::vector<float> product(std::size_t(p.m * p.n), 0.0f);
  const std::int64_t first = kind == Kind::in_halves ? p.k / 2 : p.k;
  for (const auto& [from, count] : {std::pair{std::int64_t(0), first}, {first, p.k - first}}) {
    if (count == 0) continue;
    dnnl_sgemm('N', 'N', p.n, p.m, count, 1.0f, b.data() + from, p.k, a.data() + from * p.m, p.m,
               1.0f, product.data(), p.m);  // row-major, so it is the transpose
  }
  for (std::int64_t col = 0; col < p.n; ++col) {
    for (std::int64_t row = 0; row < p.m; ++row) {
      const std::int64_t place = col * p.d.stride + row;
      float value = alpha * product[std::size_t(col * p.m + row)];
      if (beta != 0.0f) value += beta * load(c_data, p.c.is_bf16(), place);
      store(d_data, p.d.is_bf16(), place, value);
    }
    if (!op.has_sums()) continue;
    float total = 0.0f;
    for (std::int64_t i = 0; i < p.k; ++i) total += b[std::size_t(col * p.k + i)];
    op.sums[col] = total;
  }
}

bool is_aligned(const void* data, std::uint32_t alignment) {
  return reinterpret_cast<std::uintptr_t>(data) % alignment == 0;
}

// The largest power of two up to 256 that divides the address.
std::uint32_t alignment_of(const void* data) {
  std::uint32_t alignment = 256;
  while (!is_aligned(data, alignment)) alignment /= 2;
  return alignment;
}

template <typename T>
cublasStatus_t take(T& target, const void* value, std::size_t bytes) {
  if (bytes != sizeof target) return CUBLAS_STATUS_INVALID_VALUE;
  std::memcpy(&target, value, bytes);
  return CUBLAS_STATUS_SUCCESS;
}

template <typename Ours, typename Handle>
cublasStatus_t make(Handle* handle, Ours value) {
  *handle = reinterpret_cast<Handle>(new Ours(value));
  return CUBLAS_STATUS_SUCCESS;
}

template <typename Ours, typename Handle>
cublasStatus_t destroy(Handle handle) {
  delete reinterpret_cast<Ours*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

}  // namespace
}  // namespace ffwd::simt

using namespace ffwd::simt;
struct cublasLtContext {};

extern "C" {

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  if (refusal_while_capturing()) return CUBLAS_STATUS_INTERNAL_ERROR;
  *handle = new cublasLtContext;
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}
std::size_t cublasLtGetVersion() {
  return CUBLAS_VERSION;
}
const char* cublasLtGetStatusString(cublasStatus_t status) {
  return status == CUBLAS_STATUS_SUCCESS         ? "success"
         : status == CUBLAS_STATUS_NOT_SUPPORTED ? "not supported"
         : status == CUBLAS_STATUS_INVALID_VALUE ? "an invalid value"
                                                 : "another error of cuBLASLt";
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* layout, cudaDataType_t type,
                                          std::uint64_t rows, std::uint64_t cols,
                                          std::int64_t stride) {
  if (type != CUDA_R_32F && type != CUDA_R_16BF) return CUBLAS_STATUS_NOT_SUPPORTED;
  return make(layout, Layout{type, std::int64_t(rows), std::int64_t(cols), stride});
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  return destroy<Layout>(layout);
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* operation,
                                        cublasComputeType_t compute, cudaDataType_t scale) {
  const bool tf32 = compute == CUBLAS_COMPUTE_32F_FAST_TF32;
  if ((!tf32 && compute != CUBLAS_COMPUTE_32F) || scale != CUDA_R_32F) {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  Request made;
  made.tf32 = tf32;
  return make(operation, made);
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation) {
  return destroy<Request>(operation);
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void* value, std::size_t bytes) {
  auto& target = ours<Request>(operation);
  switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
      return take(target.transpose_a, value, bytes);
    case CUBLASLT_MATMUL_DESC_TRANSB:
      return take(target.transpose_b, value, bytes);
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
      return take(target.epilogue, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
      return take(target.sums_type, value, bytes);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
      return take(target.sums, value, bytes);
    default:
      return CUBLAS_STATUS_INVALID_VALUE;
  }
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* preference) {
  return make(preference, Preference());
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  return destroy<Preference>(preference);
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* value, std::size_t bytes) {
  auto& target = ours<Preference>(preference);
  std::uint32_t schemes = 0;
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return take(target.workspace, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
      return take(target.alignments[0], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
      return take(target.alignments[1], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
      return take(target.alignments[2], value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return take(target.alignments[3], value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:  // every sum here is in fp32
      return take(schemes, value, bytes);
    default:
      return CUBLAS_STATUS_INVALID_VALUE;
  }
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int asked,
                                              cublasLtMatmulHeuristicResult_t results[],
                                              int* count) {
  *count = 0;
  const Product product(operation, a, b, c, d);
  if (!product.fits()) return CUBLAS_STATUS_INVALID_VALUE;
  if (!product.has_algorithm()) return CUBLAS_STATUS_NOT_SUPPORTED;
  const auto& preferred = ours<Preference>(preference);
  for (const Kind kind : {Kind::refuses, Kind::in_halves, Kind::in_order}) {
    if (*count == asked) break;
    Algorithm algorithm{kind, std::uint32_t(product.a.type),      product.request.has_sums(),
                        {},   alignment_of(product.request.sums), {}};
    std::copy_n(preferred.alignments, 4, algorithm.alignments);
    if (algorithm.workspace() > preferred.workspace) continue;
    cublasLtMatmulHeuristicResult_t& named = results[(*count)++];
    named.state = CUBLAS_STATUS_SUCCESS;
    named.workspaceSize = algorithm.workspace();
    std::memcpy(&named.algo, &algorithm, sizeof algorithm);
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t, cublasLtMatmulDesc_t operation,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t* words,
                                       cublasLtMatmulHeuristicResult_t* result) {
  const Product product(operation, a, b, c, d);
  Algorithm algorithm;
  std::memcpy(&algorithm, words, sizeof algorithm);
  const bool known = algorithm.kind >= Kind::refuses && algorithm.kind <= Kind::in_order;
  if (!known || !product.fits() || !product.has_algorithm() ||
      algorithm.operand_type != std::uint32_t(product.a.type) ||
      bool(algorithm.has_sums) != product.request.has_sums()) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  result->state = CUBLAS_STATUS_SUCCESS;
  result->workspaceSize = algorithm.workspace();
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                              const void* alpha, const void* a, cublasLtMatrixLayout_t a_layout,
                              const void* b, cublasLtMatrixLayout_t b_layout, const void* beta,
                              const void* c, cublasLtMatrixLayout_t c_layout, void* d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t* words,
                              void* workspace, std::size_t workspace_bytes, cudaStream_t stream) {
  cublasLtMatmulHeuristicResult_t needs;
  const cublasStatus_t status = cublasLtMatmulAlgoCheck(handle, operation, a_layout, b_layout,
                                                        c_layout, d_layout, words, &needs);
  if (status != CUBLAS_STATUS_SUCCESS) return status;
  const Product product(operation, a_layout, b_layout, c_layout, d_layout);
  Algorithm algorithm;
  std::memcpy(&algorithm, words, sizeof algorithm);
  const void* operands[] = {a, b, c, d};
  for (int i = 0; i < 4; ++i) {
    if (!is_aligned(operands[i], algorithm.alignments[i])) return CUBLAS_STATUS_INVALID_VALUE;
  }
  const void* const sums = product.request.sums;
  if (algorithm.has_sums && !is_aligned(sums, std::uint32_t(algorithm.alignment_of_sums))) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  if (needs.workspaceSize > workspace_bytes) return CUBLAS_STATUS_INVALID_VALUE;
  if (algorithm.kind == Kind::refuses) return CUBLAS_STATUS_NOT_SUPPORTED;
  const float scale = *static_cast<const float*>(alpha), old = *static_cast<const float*>(beta);
  queue_with_workspace(stream, workspace, needs.workspaceSize,
                       [=] { multiply(product, algorithm.kind, scale, a, b, old, c, d); });
  return CUBLAS_STATUS_SUCCESS;
}
}
