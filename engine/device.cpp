#include "engine/device.h"

#include "engine/cuda_status.h"

namespace ffwd {

std::string to_string(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
  }
  fail(__FILE__, __LINE__, "unknown precision");
}

std::optional<Precision> precision_named(const std::string& name) {
  for (const Precision p : {Precision::fp32, Precision::tf32, Precision::bf16}) {
    if (to_string(p) == name) return p;
  }
  return std::nullopt;
}

#ifndef FFWD_HAVE_CUDA
std::unique_ptr<Device> make_cuda_device(Precision, std::shared_ptr<MatmulAlgorithms>) {
  throw Error("this ffwd was built without CUDA; build it with -DFFWD_CUDA=ON where nvcc is found");
}

CudaStatus cuda_status() {
  CudaStatus status;
  status.problem = "built without CUDA";
  return status;
}
#endif

}  // namespace ffwd
