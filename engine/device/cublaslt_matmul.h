// Matmul on the GPU by cuBLASLt: one plan per shape, its algorithm chosen once and then kept: the
// first that cuBLASLt names and launches, or with a table the pinned one, which is the fastest of
// those it names. Sums come out of the same launch where cuBLASLt has an algorithm for that, else
// from column_sum; with a table from what takes less time.
#pragma once

#include <cublasLt.h>

#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "engine/device/cuda_memory.h"
#include "engine/device/device.h"
#include "engine/device/matmul_algorithms.h"
#include "kernels/stream.h"

namespace ffwd {

// Bound to one stream: its workspace must not serve two streams at once.
class CublasLtMatmul {
 public:
  // In tf32, products of fp32 operands round them to TF32. `algorithms` may be null.
  CublasLtMatmul(Stream stream, Precision precision, MatmulAlgorithms* algorithms);
  ~CublasLtMatmul();
  CublasLtMatmul(const CublasLtMatmul&) = delete;
  CublasLtMatmul& operator=(const CublasLtMatmul&) = delete;

  // Queues the product. May measure it before, which waits; then it must not be in a capture.
  void run(const Matmul& args);

 private:
  struct Plan;
  struct Way;
  // What distinguishes two plans: sizes, transposes, types, strides, alignments, whether c is added
  // to, and the alignment of sums, 0 without them.
  using Key = std::tuple<int64_t, int64_t, int64_t, bool, bool, DType, DType, int64_t, int64_t,
                         int64_t, uint32_t, uint32_t, uint32_t, bool, uint32_t>;

  Plan& plan_for(const Matmul& args);
  // Adds those that cuBLASLt names, the one that it expects most of first; there may be none.
  void add_ways(const Matmul& args, bool with_sums, Plan& plan) const;
  // The way that is pinned for the product; if there is none, the fastest, pinned now.
  Way pinned(const Matmul& args, Plan& plan);
  [[noreturn]] void refuse_pinned(const Plan& plan) const;
  // Measures them on memory of its own, for c may be added to.
  Way fastest_of(const std::vector<Way>& ways, const Matmul& args, Plan& plan);
  cublasStatus_t launch(const Matmul& args, Plan& plan, const Way& way);

  Stream stream_;
  Precision precision_;
  MatmulAlgorithms* algorithms_;
  cublasLtHandle_t handle_ = nullptr;
  CudaMemory workspace_;
  std::map<Key, std::unique_ptr<Plan>> plans_;
};

}  // namespace ffwd
