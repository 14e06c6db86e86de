#include "host/device/open_device.h"

#include "engine/device/cuda_status.h"
#include "host/basics/errors.h"
#include "host/device/matmul_algorithms_file.h"

namespace ffwd {

bool is_gpu(const std::string& device) {
  if (device == "cpu") return false;
  const std::string problem = cuda_status().problem;
  if (device == "cuda" && !problem.empty()) {
    throw UserError(ExitCode::device, "--device cuda: no usable GPU: " + problem);
  }
  return problem.empty();
}

std::unique_ptr<Device> open_device(const DeviceOptions& options) {
  const std::string& file = options.matmul_algorithms;
  if (is_gpu(options.device)) {
    const std::string problem = gpu_problem(cuda_status().gpus[0], options.precision);
    if (!problem.empty()) throw UserError(ExitCode::device, "--precision " + problem);
    return make_cuda_device(options.precision,
                            file.empty() ? nullptr : open_matmul_algorithms(file));
  }
  const std::string problem = cpu_problem(options.precision);
  if (!problem.empty()) throw UserError(ExitCode::device, "--precision " + problem);
  if (!file.empty()) {
    throw UserError(ExitCode::device, "--matmul-algorithms " + file +
                                          " needs a GPU; the CPU back end has no algorithms to"
                                          " choose from");
  }
  return make_cpu_device(options.precision);
}

}  // namespace ffwd
