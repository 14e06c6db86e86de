#include "engine/device/cuda_status.h"

#include <cublasLt.h>
#include <cuda_runtime.h>
#include <cudnn.h>

#include <cstdlib>
#include <sstream>

namespace ffwd {
namespace {

std::string dotted(int version) {
  return std::to_string(version / 1000) + "." + std::to_string(version % 1000 / 10);
}

// True if one of CMake's architectures, such as "80-real" or "120", runs on a device of this
// capability: machine code runs within its major version, PTX (an entry that is not "-real") on
// everything newer.
bool fits(const std::string& architectures, int capability) {
  std::istringstream list(architectures);
  for (std::string entry; list >> entry;) {
    if (entry == "native") return true;
    const int built = std::atoi(entry.c_str());
    const bool real = entry.find("-virtual") == std::string::npos;
    const bool ptx = entry.find("-real") == std::string::npos;
    if (real && built / 10 == capability / 10 && built <= capability) return true;
    if (ptx && built <= capability) return true;
  }
  return false;
}

}  // namespace

CudaStatus cuda_status() {
  CudaStatus status;
  status.built = true;
  status.architectures = FFWD_CUDA_ARCHITECTURES;
  int runtime = 0, driver = 0, count = 0;
  if (cudaRuntimeGetVersion(&runtime) == cudaSuccess) status.runtime = dotted(runtime);
  if (cudaDriverGetVersion(&driver) == cudaSuccess && driver > 0) status.driver = dotted(driver);
  status.cublas = std::to_string(cublasLtGetVersion());
  status.cudnn = std::to_string(cudnnGetVersion());
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess) {
    (void)cudaGetLastError();
    status.problem = cudaGetErrorString(error);
    return status;
  }
  if (count == 0) status.problem = "the driver sees no device";
  for (int i = 0; i < count; ++i) {
    cudaDeviceProp properties;
    const cudaError_t unknown = cudaGetDeviceProperties(&properties, i);
    if (unknown != cudaSuccess) {
      (void)cudaGetLastError();
      if (i > 0) continue;  // the one that is used is device 0
      status.problem = std::string("device 0: ") + cudaGetErrorString(unknown);
      return status;
    }
    status.gpus.push_back({properties.name, properties.major, properties.minor,
                           int64_t(properties.totalGlobalMem),
                           fits(status.architectures, 10 * properties.major + properties.minor)});
  }
  if (!status.gpus.empty() && !status.gpus[0].runs_our_code) {
    const auto& gpu = status.gpus[0];
    status.problem = gpu.name + " has compute capability " + std::to_string(gpu.major) + "." +
                     std::to_string(gpu.minor) + ", but this ffwd was built for " +
                     status.architectures + "; rebuild it with -DCMAKE_CUDA_ARCHITECTURES=native";
  }
  return status;
}

}  // namespace ffwd
