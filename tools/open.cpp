// What several commands open: the device asked for, and a model by its run folder.
#include <filesystem>

#include "host/errors.h"
#include "tools/commands.h"

namespace ffwd {

std::unique_ptr<Device> open_device(const DeviceOptions& options) {
  const Precision precision = options.precision == "bf16"   ? Precision::bf16
                              : options.precision == "tf32" ? Precision::tf32
                                                            : Precision::fp32;
  const std::string problem = options.device == "cpu" ? "" : cuda_status().problem;
  if (options.device == "cuda" && !problem.empty()) {
    throw UserError(ExitCode::device, "--device cuda: no usable GPU: " + problem);
  }
  if (options.device == "cuda" || (options.device == "auto" && problem.empty())) {
    return make_cuda_device(precision);
  }
  if (precision != Precision::fp32) {
    throw UserError(ExitCode::device, "--precision " + options.precision +
                                          " needs a GPU; the CPU back end computes in fp32");
  }
  return make_cpu_device();
}

std::string model_path(const std::string& run_or_model) {
  if (std::filesystem::is_directory(run_or_model)) return run_or_model + "/model.safetensors";
  return run_or_model;
}

}  // namespace ffwd
