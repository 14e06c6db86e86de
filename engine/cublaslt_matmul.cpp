#include "engine/cublaslt_matmul.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <string>

#include "kernels/check_cuda.h"

namespace ffwd {
namespace {

constexpr size_t kWorkspaceBytes = size_t(32) << 20;  // what Hopper's kernels ask for at most

void check_cublas(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(std::string(file) + ":" + std::to_string(line) + ": " + call + ": " +
              cublasLtGetStatusString(status));
}
#define FFWD_CHECK_CUBLAS(call) check_cublas((call), #call, __FILE__, __LINE__)

cudaDataType_t cuda_type(DType dtype) {
  return dtype == DType::f32 ? CUDA_R_32F : CUDA_R_16BF;
}

// The largest power of two up to 256 that divides the address.
uint32_t alignment_of(const void* data) {
  const auto address = reinterpret_cast<uintptr_t>(data);
  uint32_t alignment = 256;
  while (address % alignment != 0) alignment /= 2;
  return alignment;
}

// cuBLAS is column-major. Our row-major (rows, cols) matrix is its (cols, rows) one, so it computes
// c^T = op(b)^T op(a)^T, with our b as its first operand.
cublasLtMatrixLayout_t make_layout(const ConstMatrixView& m) {
  cublasLtMatrixLayout_t layout = nullptr;
  FFWD_CHECK_CUBLAS(cublasLtMatrixLayoutCreate(&layout, cuda_type(m.dtype), uint64_t(m.cols),
                                               uint64_t(m.rows), m.stride));
  return layout;
}

}  // namespace

struct CublasLtMatmul::Plan {
  cublasLtMatmulDesc_t operation = nullptr;
  cublasLtMatrixLayout_t first = nullptr, second = nullptr, result = nullptr;
  cublasLtMatmulAlgo_t algorithm = {};
  bool sums = false;  // come with the product

  template <typename T>
  void set(cublasLtMatmulDescAttributes_t attribute, T value) {
    FFWD_CHECK_CUBLAS(cublasLtMatmulDescSetAttribute(operation, attribute, &value, sizeof value));
  }

  Plan() = default;
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;
  ~Plan() {
    if (operation) cublasLtMatmulDescDestroy(operation);
    for (auto* layout : {first, second, result}) {
      if (layout) cublasLtMatrixLayoutDestroy(layout);
    }
  }
};

CublasLtMatmul::CublasLtMatmul(Stream stream, bool tf32) : stream_(stream), tf32_(tf32) {
  FFWD_CHECK_CUBLAS(cublasLtCreate(&handle_));
  const cudaError_t status = cudaMalloc(&workspace_, kWorkspaceBytes);
  if (status != cudaSuccess) cublasLtDestroy(handle_);
  FFWD_CHECK_CUDA(status);
}

CublasLtMatmul::~CublasLtMatmul() {
  plans_.clear();
  cudaFree(workspace_);
  cublasLtDestroy(handle_);
}

CublasLtMatmul::Plan& CublasLtMatmul::plan_for(const Matmul& a) {
  const Key key{a.m(),
                a.n(),
                a.k(),
                a.transpose_a,
                a.transpose_b,
                a.a.dtype,
                a.c.dtype,
                a.a.stride,
                a.b.stride,
                a.c.stride,
                alignment_of(a.a.data),
                alignment_of(a.b.data),
                alignment_of(a.c.data),
                a.beta != 0.0f,
                a.sums.data != nullptr};
  const auto found = plans_.find(key);
  if (found != plans_.end()) return *found->second;

  auto plan = std::make_unique<Plan>();
  const auto compute =
      tf32_ && a.a.dtype == DType::f32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  FFWD_CHECK_CUBLAS(cublasLtMatmulDescCreate(&plan->operation, compute, CUDA_R_32F));
  plan->set(CUBLASLT_MATMUL_DESC_TRANSA, a.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan->set(CUBLASLT_MATMUL_DESC_TRANSB, a.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  plan->first = make_layout(a.b);
  plan->second = make_layout(a.a);
  plan->result = make_layout(a.c);

  if (a.sums.data) {  // our a is its second operand, B
    plan->set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BGRADB);
    plan->set(CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
    plan->set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, a.sums.data);
    plan->sums = choose_algorithm(a, *plan);
    if (!plan->sums) plan->set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_DEFAULT);
  }
  FFWD_EXPECT(plan->sums || choose_algorithm(a, *plan),
              "cuBLASLt has no algorithm for this product");
  return *plans_.emplace(key, std::move(plan)).first->second;
}

bool CublasLtMatmul::choose_algorithm(const Matmul& a, Plan& plan) {
  cublasLtMatmulPreference_t preference = nullptr;
  FFWD_CHECK_CUBLAS(cublasLtMatmulPreferenceCreate(&preference));
  const std::unique_ptr<cublasLtMatmulPreferenceOpaque_t,
                        cublasStatus_t (*)(cublasLtMatmulPreference_t)>
      owner(preference, cublasLtMatmulPreferenceDestroy);
  const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    FFWD_CHECK_CUBLAS(
        cublasLtMatmulPreferenceSetAttribute(preference, attribute, &value, sizeof value));
  };
  prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t(kWorkspaceBytes));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(a.b.data));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(a.a.data));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(a.c.data));
  prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(a.c.data));
  // Split sums are added up in fp32 and in a fixed order, never in the type of the result.
  prefer(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK,
         uint32_t(CUBLASLT_REDUCTION_SCHEME_NONE | CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE));

  cublasLtMatmulHeuristicResult_t best = {};
  int count = 0;
  const cublasStatus_t status =
      cublasLtMatmulAlgoGetHeuristic(handle_, plan.operation, plan.first, plan.second, plan.result,
                                     plan.result, preference, 1, &best, &count);
  if (status == CUBLAS_STATUS_NOT_SUPPORTED) return false;
  FFWD_CHECK_CUBLAS(status);
  plan.algorithm = best.algo;
  return count == 1 && best.state == CUBLAS_STATUS_SUCCESS;
}

void CublasLtMatmul::run(const Matmul& a) {
  check(a);
  if (a.m() == 0 || a.n() == 0) return;
  Plan& plan = plan_for(a);
  if (plan.sums) plan.set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, a.sums.data);
  FFWD_CHECK_CUBLAS(cublasLtMatmul(handle_, plan.operation, &a.alpha, a.b.data, plan.first,
                                   a.a.data, plan.second, &a.beta, a.c.data, plan.result, a.c.data,
                                   plan.result, &plan.algorithm, workspace_, kWorkspaceBytes,
                                   stream_.handle));
  if (a.sums.data && !plan.sums) cuda::column_sum(sums_of(a), stream_);
}

}  // namespace ffwd
