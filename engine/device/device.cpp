#include "engine/device/device.h"

#include "engine/device/cuda_status.h"

namespace ffwd {

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
