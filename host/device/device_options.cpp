#include "host/device/device_options.h"

#include <CLI/CLI.hpp>

#include "engine/cuda_status.h"
#include "host/basics/errors.h"
#include "host/device/matmul_algorithms_file.h"

namespace ffwd {

void add_device_option(CLI::App& command, std::string& device) {
  command.add_option("--device", device, "where to compute: auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
}

void add_precision_option(CLI::App& command, Precision& precision) {
  const auto take = [&precision](const std::string& name) {
    read_name(kPrecisions, name, precision);
  };
  command
      .add_option_function<std::string>("--precision", take,
                                        "fp32, tf32 (cuda) or bf16 (cuda, CPUs with AVX-512)")
      ->check(CLI::IsMember(names(kPrecisions)))
      ->default_str(name_of(kPrecisions, precision));
}

void add_algorithms_option(CLI::App& command, std::string& matmul_algorithms) {
  command.add_option("--matmul-algorithms", matmul_algorithms,
                     "file that cuBLASLt's algorithms are taken from (cuda); for products that it"
                     " lacks, the fastest is measured and added");
}

void add_device_options(CLI::App& command, DeviceOptions& options) {
  add_device_option(command, options.device);
  add_precision_option(command, options.precision);
  add_algorithms_option(command, options.matmul_algorithms);
}

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
