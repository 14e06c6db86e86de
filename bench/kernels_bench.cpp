// Times every kernel and matmul of the engine on one device (bench/bench.h says how).
//
//     kernels_bench [--device=auto|cpu|cuda] [--shapes=small|full] [--samples=N] [Google
//     Benchmark's options]
//
// auto takes a GPU if one can be used. Shapes are full on a GPU and small on the CPU unless said
// otherwise.
#include <omp.h>

#include <cstdio>
#include <cstdlib>

#include "bench/bench.h"

namespace ffwd::bench {
namespace {

constexpr int64_t kMiB = int64_t(1) << 20;

const Shapes kFull = {{1000, 16000, 100000}, {500, 784, 1000, 2000, 8192}};
const Shapes kSmall = {{1000, 4000}, {500, 784, 2000}};

struct Options {
  std::string device = "auto", shapes;
  int samples = 0;
};

// True if `argument` is `flag` with one of the `choices`, or any value where there are none.
bool take(const std::string& argument, const std::string& flag,
          const std::vector<std::string>& choices, std::string& value) {
  if (argument.compare(0, flag.size(), flag) != 0) return false;
  value = argument.substr(flag.size());
  for (const std::string& choice : choices) {
    if (value == choice) return true;
  }
  return choices.empty();
}

Options parse(int argc, char** argv) {
  Options options;
  std::string count;
  for (int i = 1; i < argc; ++i) {
    const bool known = take(argv[i], "--device=", {"auto", "cpu", "cuda"}, options.device) ||
                       take(argv[i], "--shapes=", {"small", "full"}, options.shapes) ||
                       take(argv[i], "--samples=", {}, count);
    if (!known)
      throw Error("unknown option or value: " + std::string(argv[i]) +
                  " (see bench/results/README.md)");
  }
  options.samples = std::atoi(count.c_str());
  FFWD_EXPECT(count.empty() || options.samples > 0,
              "--samples takes a number above 0, not " + count);
  return options;
}

void add_context(const Device& device, const CudaStatus& cuda, const Stopwatch& stopwatch) {
  benchmark::AddCustomContext("commit", FFWD_COMMIT);
  benchmark::AddCustomContext("device", device.name());
  benchmark::AddCustomContext("threads", std::to_string(omp_get_max_threads()));
  benchmark::AddCustomContext("cpu_library", cpu_library());
  benchmark::AddCustomContext("cuda_runtime", cuda.runtime);
  benchmark::AddCustomContext("cuda_driver", cuda.driver);
  benchmark::AddCustomContext("cublaslt", cuda.cublas);
  benchmark::AddCustomContext("cuda_architectures", cuda.architectures);
  benchmark::AddCustomContext("cold_bytes", std::to_string(stopwatch.cold_bytes()));
}

void run_on_cpu(const Options& options) {
  const std::unique_ptr<Device> device = make_cpu_device();
  const Shapes& shapes = options.shapes == "full" ? kFull : kSmall;
  Bench bench(*device, make_cpu_stopwatch(), 128 * kMiB, options.samples > 0 ? options.samples : 9);
  add_context(*device, cuda_status(), bench.stopwatch());
  add_copies(bench, {1 * kMiB, 16 * kMiB, 128 * kMiB});
  add_kernels(bench, shapes);
  add_matmuls(bench, "fp32", DType::f32, shapes.rows);
  benchmark::RunSpecifiedBenchmarks();
}

void run_on_cuda(const Options& options) {
  const std::unique_ptr<Device> fp32 = make_cuda_device(Precision::fp32),
                                tf32 = make_cuda_device(Precision::tf32);
  const Shapes& shapes = options.shapes == "small" ? kSmall : kFull;
  const int samples = options.samples > 0 ? options.samples : 21;
  Bench bench(*fp32, make_cuda_stopwatch(*fp32), 1024 * kMiB, samples);
  Bench bench_tf32(*tf32, make_cuda_stopwatch(*tf32), 1024 * kMiB, samples);
  add_context(*fp32, cuda_status(), bench.stopwatch());
  add_copies(bench, {1 * kMiB, 16 * kMiB, 128 * kMiB, 1024 * kMiB});
  add_kernels(bench, shapes);
  add_matmuls(bench, "fp32", DType::f32, shapes.rows);
  add_matmuls(bench_tf32, "tf32", DType::f32, shapes.rows);
  add_matmuls(bench, "bf16", DType::bf16, shapes.rows);
  benchmark::RunSpecifiedBenchmarks();
}

}  // namespace
}  // namespace ffwd::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);  // takes its own options out of argv
  try {
    const auto options = ffwd::bench::parse(argc, argv);
    const bool gpu = options.device == "cuda" ||
                     (options.device == "auto" && ffwd::cuda_status().problem.empty());
    gpu ? ffwd::bench::run_on_cuda(options) : ffwd::bench::run_on_cpu(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kernels_bench: %s\n", error.what());
    return 1;
  }
  benchmark::Shutdown();
}
