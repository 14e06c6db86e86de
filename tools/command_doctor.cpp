// ffwd doctor: what this ffwd can do on this machine, and what stands in its way.
#include <omp.h>

#include <cstdio>

#include "engine/device/cuda_status.h"
#include "engine/device/device.h"
#include "host/basics/build.h"
#include "host/basics/errors.h"
#include "host/data/load_dataset.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace ffwd {
namespace {

// Where a data set is, or what is wrong with it.
std::string state_of(const std::string& data_set, const std::string& data_dir) {
  const std::optional<std::string> folder = find_dataset(data_set, data_dir);
  if (!folder) return "not found";
  try {
    load_dataset(data_set, data_dir);
    return *folder;
  } catch (const UserError& error) {
    return "not usable: " + std::string(error.what());
  }
}

void doctor(const std::string& data_dir) {
  std::printf("ffwd          %s (%s)\n", build_version().c_str(), build_commit().c_str());
  std::printf("CPU           %s, %d threads, %s\n", cpu_library().c_str(), omp_get_max_threads(),
              cpu_problem(Precision::bf16).empty() ? "fp32 and bf16" : "fp32");
  const CudaStatus cuda = cuda_status();
  if (cuda.built) {
    std::printf("CUDA          runtime %s, cuBLASLt %s, cuDNN %s, built for %s\n",
                cuda.runtime.c_str(), cuda.cublas.c_str(), cuda.cudnn.c_str(),
                cuda.architectures.c_str());
    std::printf("CUDA driver   %s\n",
                cuda.driver.empty() ? "none" : ("for CUDA " + cuda.driver).c_str());
  }
  for (const auto& gpu : cuda.gpus) {
    std::printf("GPU           %s, compute capability %d.%d, %lld MiB, %s\n", gpu.name.c_str(),
                gpu.major, gpu.minor, (long long)(gpu.memory_bytes >> 20),
                gpu.runs_our_code ? "runs this build" : "not built for it");
  }
  std::printf("--device cuda %s\n",
              cuda.problem.empty() ? "works" : ("not usable: " + cuda.problem).c_str());
  for (const CatalogEntry& entry : data_catalog()) {
    std::printf("%-13s %s\n", entry.name.c_str(), state_of(entry.name, data_dir).c_str());
  }
}

}  // namespace

void declare_doctor(CLI::App& app) {
  const auto data_dir = std::make_shared<std::string>();
  CLI::App* command =
      app.add_subcommand("doctor", "Show back ends, devices, libraries and data sets");
  add_data_dir(*command, *data_dir);
  command->callback([data_dir] { doctor(*data_dir); });
}

}  // namespace ffwd
