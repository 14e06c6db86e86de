#include "engine/device/device.h"

#include "engine/device/cuda_status.h"

namespace ffwd {

std::string gpu_problem(const CudaStatus::Gpu& gpu, Precision precision) {
  if (precision == Precision::fp32 || gpu.major >= 8) return "";
  return std::string(name_of(kPrecisions, precision)) +
         " needs a GPU of compute capability 8.0 or later; " + gpu.name + " has " +
         std::to_string(gpu.major) + "." + std::to_string(gpu.minor);
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
