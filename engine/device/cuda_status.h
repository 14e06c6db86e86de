// Which GPUs and libraries the CUDA back end finds.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ffwd {

enum class Precision;

// What the CUDA back end sees. Never throws: problems are told in `problem`.
struct CudaStatus {
  struct Gpu {
    std::string name;
    int major, minor;
    int64_t memory_bytes;
    bool runs_our_code;  // an architecture that we were built for fits
  };
  bool built = false;
  std::string architectures;  // what was built, as CMake names it
  std::string runtime, driver, cublas, cudnn;
  std::vector<Gpu> gpus;
  std::string problem;  // why there is no usable GPU; empty if there is one
};
CudaStatus cuda_status();

// Why a GPU cannot compute in a precision; empty if it can.
std::string gpu_problem(const CudaStatus::Gpu& gpu, Precision precision);

}  // namespace ffwd
