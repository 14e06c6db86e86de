#include "bench/machine.h"

#include <omp.h>

#include "engine/device.h"

namespace ffwd::bench {

nlohmann::ordered_json describe_machine(const std::string& commit) {
  const CudaStatus cuda = cuda_status();
  return {{"commit", commit},
          {"threads", omp_get_max_threads()},
          {"cpu_library", cpu_library()},
          {"cuda_runtime", cuda.runtime},
          {"cuda_driver", cuda.driver},
          {"cublaslt", cuda.cublas},
          {"cuda_architectures", cuda.architectures}};
}

}  // namespace ffwd::bench
