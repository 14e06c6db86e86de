#include "engine/device/cublaslt_matmul.h"

#include <cuda_runtime.h>

#include <cstring>
#include <sstream>

#include "kernels/check_cuda.h"

namespace ffwd {
namespace {

constexpr size_t kWorkspaceBytes = size_t(32) << 20;  // what Hopper's kernels ask for at most
constexpr size_t kMostAlignment = 256;

constexpr int kCandidates = 16;
// A search: so many rounds, in each so many launches of every candidate in a row, timed together.
constexpr int kRounds = 5, kTimedLaunches = 4;

void check_cublas(cublasStatus_t status, const char* call, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  fail_call(call, file, line, cublasLtGetStatusString(status),
            status == CUBLAS_STATUS_ALLOC_FAILED);
}
#define FFWD_CHECK_CUBLAS(call) check_cublas((call), #call, __FILE__, __LINE__)

// Of an algorithm that cannot do a product; nothing is queued then.
bool is_refusal(cublasStatus_t status) {
  return status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE ||
         status == CUBLAS_STATUS_ARCH_MISMATCH;
}

cudaDataType_t cuda_type(DType dtype) {
  return dtype == DType::f32 ? CUDA_R_32F : CUDA_R_16BF;
}

// The largest power of two up to 256 that divides the address.
uint32_t alignment_of(const void* data) {
  const auto address = reinterpret_cast<uintptr_t>(data);
  uint32_t alignment = kMostAlignment;
  while (address % alignment != 0) alignment /= 2;
  return alignment;
}

// cuBLAS is column-major. Our row-major (rows, cols) matrix is its (cols, rows) one, so it computes
// c^T = op(b)^T op(a)^T, with our b as its first operand.
using Layout =
    std::unique_ptr<cublasLtMatrixLayoutOpaque_t, cublasStatus_t (*)(cublasLtMatrixLayout_t)>;

Layout make_layout(const ConstMatrixView& m) {
  cublasLtMatrixLayout_t layout = nullptr;
  FFWD_CHECK_CUBLAS(cublasLtMatrixLayoutCreate(&layout, cuda_type(m.dtype), uint64_t(m.cols),
                                               uint64_t(m.rows), m.stride));
  return {layout, cublasLtMatrixLayoutDestroy};
}

// All that the choice of an algorithm depends on, besides the product.
std::string measured_on(Precision precision) {
  cudaDeviceProp gpu;
  FFWD_CHECK_CUDA(cudaGetDeviceProperties(&gpu, 0));
  std::ostringstream text;
  text << gpu.name << ", compute capability " << gpu.major << "." << gpu.minor << ", "
       << gpu.multiProcessorCount << " SMs, cuBLASLt " << cublasLtGetVersion() << ", "
       << name_of(kPrecisions, precision);
  return text.str();
}

// The numbers of a plan's key, in its order: M, N, K, ...
template <typename... Parts>
std::string name_of(const std::tuple<Parts...>& key) {
  std::ostringstream text;
  std::apply([&](auto... part) { ((text << int64_t(part) << " "), ...); }, key);
  std::string name = text.str();
  name.pop_back();
  return name;
}

template <typename To, typename From>
To same_bytes(const From& from) {
  static_assert(sizeof(To) == sizeof(From));
  To to;
  std::memcpy(&to, &from, sizeof to);
  return to;
}

using Operation =
    std::unique_ptr<cublasLtMatmulDescOpaque_t, cublasStatus_t (*)(cublasLtMatmulDesc_t)>;

template <typename T>
void set(const Operation& operation, cublasLtMatmulDescAttributes_t attribute, T value) {
  FFWD_CHECK_CUBLAS(
      cublasLtMatmulDescSetAttribute(operation.get(), attribute, &value, sizeof value));
}

// With the sums of our a, which is its second operand, B; or without.
Operation make_operation(const Matmul& a, Precision precision, bool sums) {
  const bool tf32 = precision == Precision::tf32 && a.a.dtype == DType::f32;
  const auto compute = tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F;
  cublasLtMatmulDesc_t created = nullptr;
  FFWD_CHECK_CUBLAS(cublasLtMatmulDescCreate(&created, compute, CUDA_R_32F));
  Operation operation(created, cublasLtMatmulDescDestroy);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSA, a.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
  set(operation, CUBLASLT_MATMUL_DESC_TRANSB, a.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
  if (sums) {
    set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BGRADB);
    set(operation, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, CUDA_R_32F);
    set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, a.sums.data);
  }
  return operation;
}

using TimingEvent = std::unique_ptr<CUevent_st, cudaError_t (*)(cudaEvent_t)>;

TimingEvent make_timing_event() {
  cudaEvent_t event = nullptr;
  FFWD_CHECK_CUDA(cudaEventCreate(&event));
  return {event, cudaEventDestroy};
}

}  // namespace

// How a product may be done. Sums, if asked for, come out of the same launch, or of column_sum
// after it.
struct CublasLtMatmul::Way {
  cublasLtMatmulAlgo_t algorithm;
  bool with_sums;
};

struct CublasLtMatmul::Plan {
  Operation alone, with_sums;  // the latter if sums are asked for
  Layout first, second, result;
  std::string product;    // its name in a table
  std::vector<Way> ways;  // those that may be taken; the first is
  bool launched = false;  // it, at least once

  Plan(const Matmul& a, Precision precision, const std::string& name)
      : alone(make_operation(a, precision, false)),
        with_sums(a.sums.data ? make_operation(a, precision, true) : Operation(nullptr, nullptr)),
        first(make_layout(a.b)),
        second(make_layout(a.a)),
        result(make_layout(a.c)),
        product(name) {}

  cublasLtMatmulDesc_t operation(bool sums) const { return (sums ? with_sums : alone).get(); }
};

CublasLtMatmul::CublasLtMatmul(Stream stream, Precision precision, MatmulAlgorithms* algorithms)
    : stream_(stream),
      precision_(precision),
      algorithms_(algorithms),
      workspace_(zeroed_memory(kWorkspaceBytes, stream)) {
  FFWD_CHECK_CUBLAS(cublasLtCreate(&handle_));
}

CublasLtMatmul::~CublasLtMatmul() {
  plans_.clear();
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
                a.sums.data ? alignment_of(a.sums.data) : 0};
  const auto found = plans_.find(key);
  if (found != plans_.end()) return *found->second;

  auto plan = std::make_unique<Plan>(a, precision_, name_of(key));
  if (a.sums.data) add_ways(a, /*with_sums=*/true, *plan);
  add_ways(a, /*with_sums=*/false, *plan);
  FFWD_EXPECT(!plan->ways.empty(), "cuBLASLt has no algorithm for this product");
  if (algorithms_) plan->ways = {pinned(a, *plan)};
  return *plans_.emplace(key, std::move(plan)).first->second;
}

void CublasLtMatmul::add_ways(const Matmul& a, bool with_sums, Plan& plan) const {
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

  cublasLtMatmulHeuristicResult_t results[kCandidates] = {};
  int count = 0;
  const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
      handle_, plan.operation(with_sums), plan.first.get(), plan.second.get(), plan.result.get(),
      plan.result.get(), preference, kCandidates, results, &count);
  // What it says of an epilogue that it has not got for these operands.
  if (status == CUBLAS_STATUS_NOT_SUPPORTED || status == CUBLAS_STATUS_INVALID_VALUE) return;
  FFWD_CHECK_CUBLAS(status);
  for (int i = 0; i < count; ++i) {
    if (results[i].state == CUBLAS_STATUS_SUCCESS) {
      plan.ways.push_back({results[i].algo, with_sums});
    }
  }
}

CublasLtMatmul::Way CublasLtMatmul::pinned(const Matmul& a, Plan& plan) {
  const std::string machine = measured_on(precision_);
  const MatmulAlgorithm* kept = algorithms_->find(machine, plan.product);
  if (!kept) {
    const Way chosen = fastest_of(plan.ways, a, plan);
    algorithms_->pin(machine, plan.product,
                     {same_bytes<MatmulAlgorithm::Words>(chosen.algorithm), chosen.with_sums});
    return chosen;
  }
  const Way way{same_bytes<cublasLtMatmulAlgo_t>(kept->words), kept->with_sums};
  if (way.with_sums && !a.sums.data) refuse_pinned(plan);
  cublasLtMatmulHeuristicResult_t needs = {};
  const cublasStatus_t status = cublasLtMatmulAlgoCheck(
      handle_, plan.operation(way.with_sums), plan.first.get(), plan.second.get(),
      plan.result.get(), plan.result.get(), &way.algorithm, &needs);
  if (status != CUBLAS_STATUS_SUCCESS || needs.workspaceSize > kWorkspaceBytes) {
    refuse_pinned(plan);
  }
  return way;
}

void CublasLtMatmul::refuse_pinned(const Plan& plan) const {
  throw RefusedAlgorithm(algorithms_->origin + " holds an algorithm for product \"" + plan.product +
                         "\" that cuBLASLt cannot run on " + measured_on(precision_) +
                         "; delete the file or name another");
}

CublasLtMatmul::Way CublasLtMatmul::fastest_of(const std::vector<Way>& ways, const Matmul& a,
                                               Plan& plan) {
  cudaStreamCaptureStatus capture = cudaStreamCaptureStatusNone;
  FFWD_CHECK_CUDA(cudaStreamIsCapturing(stream_.handle, &capture));
  FFWD_EXPECT(capture == cudaStreamCaptureStatusNone,
              "run a product once before it is captured, for its algorithm is not pinned yet");

  const CudaMemory c =
      zeroed_memory(size_t(a.c.rows * a.c.stride * size_of(a.c.dtype)) + kMostAlignment, stream_);
  const CudaMemory sums = zeroed_memory(sizeof(float) * size_t(a.m()) + kMostAlignment, stream_);
  const auto aligned_like = [](const void* real, const CudaMemory& memory) {
    return static_cast<char*>(memory.get()) + alignment_of(real) % kMostAlignment;
  };
  Matmul trial = a;
  trial.c.data = aligned_like(a.c.data, c);
  if (a.sums.data) trial.sums.data = reinterpret_cast<float*>(aligned_like(a.sums.data, sums));
  const TimingEvent start = make_timing_event(), stop = make_timing_event();
  FFWD_CHECK_CUDA(cudaDeviceSynchronize());  // other lanes would be measured too

  // The first launch is not timed: it loads code, and the others are queued behind it in time.
  const auto seconds = [&](size_t i) -> std::optional<double> {
    for (int n = 0; n <= kTimedLaunches; ++n) {
      if (n == 1) FFWD_CHECK_CUDA(cudaEventRecord(start.get(), stream_.handle));
      if (launch(trial, plan, ways[i]) != CUBLAS_STATUS_SUCCESS) return std::nullopt;
    }
    FFWD_CHECK_CUDA(cudaEventRecord(stop.get(), stream_.handle));
    FFWD_CHECK_CUDA(cudaEventSynchronize(stop.get()));
    float milliseconds = 0.0f;
    FFWD_CHECK_CUDA(cudaEventElapsedTime(&milliseconds, start.get(), stop.get()));
    return 1e-3 * double(milliseconds);
  };
  const std::optional<size_t> best = fastest(ways.size(), kRounds, seconds);
  FFWD_CHECK_CUDA(cudaStreamSynchronize(stream_.handle));
  FFWD_EXPECT(best.has_value(), "none of cuBLASLt's algorithms for this product runs");
  return ways[*best];
}

cublasStatus_t CublasLtMatmul::launch(const Matmul& a, Plan& plan, const Way& way) {
  if (way.with_sums) set(plan.with_sums, CUBLASLT_MATMUL_DESC_BIAS_POINTER, a.sums.data);
  const float alpha = 1.0f;
  const cublasStatus_t status = cublasLtMatmul(
      handle_, plan.operation(way.with_sums), &alpha, a.b.data, plan.first.get(), a.a.data,
      plan.second.get(), &a.beta, a.c.data, plan.result.get(), a.c.data, plan.result.get(),
      &way.algorithm, workspace_.get(), kWorkspaceBytes, stream_.handle);
  const bool sums_missing = a.sums.data && !way.with_sums;
  if (status == CUBLAS_STATUS_SUCCESS && sums_missing) cuda::column_sum(sums_of(a), stream_);
  return status;
}

void CublasLtMatmul::run(const Matmul& a) {
  check(a);
  if (a.m() == 0 || a.n() == 0) return;
  Plan& plan = plan_for(a);
  cublasStatus_t status = launch(a, plan, plan.ways.front());
  while (!plan.launched && is_refusal(status) && plan.ways.size() > 1) {
    plan.ways.erase(plan.ways.begin());
    status = launch(a, plan, plan.ways.front());
  }
  if (!plan.launched && is_refusal(status) && algorithms_) refuse_pinned(plan);
  check_cublas(status, "cublasLtMatmul", __FILE__, __LINE__);
  plan.launched = true;
}

}  // namespace ffwd
