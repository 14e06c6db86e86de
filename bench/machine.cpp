#include "bench/machine.h"

#include <omp.h>

#include "host/basics/build.h"

namespace ffwd::bench {

nlohmann::ordered_json describe_machine() {
  const CudaStatus cuda = cuda_status();
  return {{"commit", build_commit()},
          {"threads", omp_get_max_threads()},
          {"cpu_library", cpu_library()},
          {"cuda_runtime", cuda.runtime},
          {"cuda_driver", cuda.driver},
          {"cublaslt", cuda.cublas},
          {"cuda_architectures", cuda.architectures}};
}

nlohmann::ordered_json describe_machine(const Device& device, const DeviceOptions& options) {
  nlohmann::ordered_json report = describe_machine();
  report["device"] = device.name();
  report["precision"] = to_string(device.precision());
  if (!options.matmul_algorithms.empty()) report["matmul_algorithms"] = "measured";
  return report;
}

}  // namespace ffwd::bench
