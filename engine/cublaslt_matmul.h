// Matmul on the GPU by cuBLASLt: one plan per shape, its algorithm chosen once and then kept. Sums
// come out of the same launch where cuBLASLt has an algorithm for that, else from column_sum.
#pragma once

#include <cublasLt.h>

#include <map>
#include <memory>
#include <tuple>

#include "engine/matmul.h"
#include "kernels/stream.h"

namespace ffwd {

// Bound to one stream: its workspace must not serve two streams at once.
class CublasLtMatmul {
 public:
  // With `tf32`, products of fp32 operands round them to TF32.
  CublasLtMatmul(Stream stream, bool tf32);
  ~CublasLtMatmul();
  CublasLtMatmul(const CublasLtMatmul&) = delete;
  CublasLtMatmul& operator=(const CublasLtMatmul&) = delete;

  // Queues the product.
  void run(const Matmul& args);

 private:
  struct Plan;
  // What distinguishes two plans: sizes, transposes, types, strides, alignments, whether c is added
  // to, and whether there are sums.
  using Key = std::tuple<int64_t, int64_t, int64_t, bool, bool, DType, DType, int64_t, int64_t,
                         int64_t, uint32_t, uint32_t, uint32_t, bool, bool>;

  Plan& plan_for(const Matmul& args);
  // False if cuBLASLt has no algorithm for the plan.
  bool choose_algorithm(const Matmul& args, Plan& plan);

  Stream stream_;
  bool tf32_;
  cublasLtHandle_t handle_ = nullptr;
  void* workspace_ = nullptr;
  std::map<Key, std::unique_ptr<Plan>> plans_;
};

}  // namespace ffwd
