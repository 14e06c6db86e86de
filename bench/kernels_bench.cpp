// Times every kernel and matmul of the engine on one device (bench/bench.h says how).
#include <CLI/CLI.hpp>

#include <cstdio>

#include "bench/bench.h"
#include "bench/machine.h"
#include "host/device/open_device.h"

namespace ffwd::bench {
namespace {

constexpr int64_t kMiB = int64_t(1) << 20;

const Shapes kFull = {{1000, 16000, 100000}, {500, 784, 1000, 2000, 8192}};
const Shapes kSmall = {{1000, 4000}, {500, 784, 2000}};

struct Options {
  std::string device = "auto", shapes;
  int samples = 0;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--device", options.device, "where to compute: auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  app.add_option("--shapes", options.shapes, "full is a GPU's default, small the CPU's")
      ->check(CLI::IsMember({"small", "full"}));
  app.add_option("--samples", options.samples, "of each case; a GPU's default is 21, the CPU's 9")
      ->check(CLI::PositiveNumber);
}

void add_context(Bench& bench) {
  const nlohmann::ordered_json machine = describe_machine();
  for (const auto& [key, value] : machine.items()) {
    benchmark::AddCustomContext(key, value.is_string() ? value.get<std::string>() : value.dump());
  }
  benchmark::AddCustomContext("device", bench.device().name());
  benchmark::AddCustomContext("cold_bytes", std::to_string(bench.stopwatch().cold_bytes()));
}

void run_on_cpu(const Options& options) {
  const std::unique_ptr<Device> device = make_cpu_device();
  const Shapes& shapes = options.shapes == "full" ? kFull : kSmall;
  Bench bench(*device, options.samples > 0 ? options.samples : 9);
  add_context(bench);
  add_copies(bench, {1 * kMiB, 16 * kMiB, 128 * kMiB});
  add_kernels(bench, shapes);
  add_products(bench, "fp32", DType::f32, shapes.rows);
  if (cpu_problem(Precision::bf16).empty()) {
    add_products(bench, "bf16", DType::bf16, shapes.rows);
  }
  benchmark::RunSpecifiedBenchmarks();
}

void run_on_cuda(const Options& options) {
  const std::unique_ptr<Device> fp32 = make_cuda_device(Precision::fp32),
                                tf32 = make_cuda_device(Precision::tf32);
  const Shapes& shapes = options.shapes == "small" ? kSmall : kFull;
  const int samples = options.samples > 0 ? options.samples : 21;
  Bench bench(*fp32, samples), bench_tf32(*tf32, samples);
  add_context(bench);
  add_copies(bench, {1 * kMiB, 16 * kMiB, 128 * kMiB, 1024 * kMiB});
  add_kernels(bench, shapes);
  add_products(bench, "fp32", DType::f32, shapes.rows);
  add_products(bench_tf32, "tf32", DType::f32, shapes.rows);
  add_products(bench, "bf16", DType::bf16, shapes.rows);
  benchmark::RunSpecifiedBenchmarks();
}

}  // namespace
}  // namespace ffwd::bench

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);  // takes its own options out of argv
  CLI::App app("Times every kernel, matmul and convolution of the engine.", "kernels_bench");
  ffwd::bench::Options options;
  ffwd::bench::declare(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    ffwd::is_gpu(options.device) ? ffwd::bench::run_on_cuda(options)
                                 : ffwd::bench::run_on_cpu(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "kernels_bench: %s\n", error.what());
    return 1;
  }
  benchmark::Shutdown();
  return ffwd::bench::any_has_failed() ? 1 : 0;
}
