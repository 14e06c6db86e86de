#include "bench/machine.h"

#include <omp.h>

#include <fstream>
#include <map>

#include "engine/device/cuda_status.h"
#include "host/basics/build.h"

namespace ffwd::bench {

namespace {

// Such as "AMD EPYC, family 26, model 2": many a virtual machine leaves the number out of the name.
std::string processor() {
  std::ifstream info("/proc/cpuinfo");
  std::map<std::string, std::string> first;  // of the processors
  for (std::string line; std::getline(info, line) && !line.empty();) {
    const size_t colon = line.find(": ");
    if (colon != std::string::npos) first[line.substr(0, line.find('\t'))] = line.substr(colon + 2);
  }
  if (first.count("model name") == 0) return "unknown";  // not x86
  return first["model name"] + ", family " + first["cpu family"] + ", model " + first["model"];
}

}  // namespace

nlohmann::ordered_json describe_machine() {
  const CudaStatus cuda = cuda_status();
  return {{"commit", build_commit()},     {"threads", omp_get_max_threads()},
          {"processor", processor()},     {"cpu_library", cpu_library()},
          {"cuda_runtime", cuda.runtime}, {"cuda_driver", cuda.driver},
          {"cublaslt", cuda.cublas},      {"cuda_architectures", cuda.architectures}};
}

nlohmann::ordered_json describe_machine(const Device& device, const DeviceOptions& options) {
  nlohmann::ordered_json report = describe_machine();
  report["device"] = device.name();
  report["precision"] = name_of(kPrecisions, device.precision());
  if (!options.matmul_algorithms.empty()) report["matmul_algorithms"] = "measured";
  return report;
}

}  // namespace ffwd::bench
