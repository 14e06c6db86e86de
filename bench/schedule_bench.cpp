// What overlapping layers brings: the same training steps played serially, on lanes, and on a GPU
// as a graph, in turns.
//
//     schedule_bench [--device=auto|cpu|cuda] [--precision=fp32|tf32|bf16] [--rows=256,1024]
//                    [--steps=N] [--samples=N] [--json=FILE]
//
// Rows: positive and negative ones of a batch; 256, 1024, 4096 and 16384 on a GPU, 256 and 1024 on
// the CPU unless said otherwise. A sample plays N steps (64 on a GPU, 16 on the CPU). Times are
// medians; the spread is the distance of the quartiles over the median; the ratio is that of the
// medians, serial over this one. The CPU has the threads that OpenMP gives, all of them serially,
// its share of them for each lane.
#include <omp.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "bench/quantile.h"
#include "bench/training_case.h"

namespace ffwd::bench {
namespace {

struct Options {
  std::string device = "auto", precision = "fp32", json;
  std::vector<int64_t> rows;
  int64_t steps = 0;
  int samples = 9;
};

std::vector<int64_t> numbers(const std::string& text) {
  std::vector<int64_t> values;
  std::istringstream list(text);
  for (std::string item; std::getline(list, item, ',');) values.push_back(std::atoll(item.c_str()));
  return values;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    const auto value = [&](const std::string& flag) {
      return argument.compare(0, flag.size(), flag) == 0 ? argument.substr(flag.size()) : "";
    };
    if (const auto v = value("--device="); v == "auto" || v == "cpu" || v == "cuda") {
      options.device = v;
    } else if (const auto p = value("--precision="); p == "fp32" || p == "tf32" || p == "bf16") {
      options.precision = p;
    } else if (!value("--rows=").empty()) {
      options.rows = numbers(value("--rows="));
    } else if (!value("--steps=").empty()) {
      options.steps = std::atoll(value("--steps=").c_str());
    } else if (!value("--samples=").empty()) {
      options.samples = std::atoi(value("--samples=").c_str());
    } else if (!value("--json=").empty()) {
      options.json = value("--json=");
    } else {
      throw Error("unknown option or value: " + argument + " (see the head of this program)");
    }
  }
  for (const int64_t rows : options.rows) {
    FFWD_EXPECT(rows >= 2 && rows % 2 == 0, "--rows takes even numbers");
  }
  FFWD_EXPECT(options.samples > 0 && options.steps >= 0, "counts are above 0");
  return options;
}

double seconds_of(Device& device, TrainingCase& training) {
  const auto begin = std::chrono::steady_clock::now();
  training.run();
  device.wait();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

// One shape, all executors in turns.
nlohmann::json measure(Device& device, const TrainingShape& shape, const Options& options) {
  std::vector<std::pair<std::string, ExecutorKind>> kinds = {{"serial", ExecutorKind::serial},
                                                             {"lanes", ExecutorKind::lanes}};
  if (device.queues()) kinds.emplace_back("graph", ExecutorKind::graph);
  std::vector<std::unique_ptr<TrainingCase>> trainings;
  for (const auto& [name, kind] : kinds) {
    trainings.push_back(std::make_unique<TrainingCase>(device, shape, options.steps, kind));
  }
  std::vector<std::vector<double>> times(kinds.size());
  for (int sample = -2; sample < options.samples; ++sample) {  // two to warm up: plans, graphs
    for (size_t k = 0; k < kinds.size(); ++k) {
      const double seconds = seconds_of(device, *trainings[k]) / double(options.steps);
      if (sample >= 0) times[k].push_back(seconds);
    }
  }
  nlohmann::json result = {{"widths", shape.widths}, {"rows", 2 * shape.pairs}};
  std::string net = "784";
  for (const int64_t width : shape.widths) net += "-" + std::to_string(width);
  const double serial = median(times[0]);
  for (size_t k = 0; k < kinds.size(); ++k) {
    const double middle = median(times[k]);
    std::printf("%-24s %6lld %-7s %10.3f ms %6.1f %% %8.2f\n", net.c_str(),
                (long long)(2 * shape.pairs), kinds[k].first.c_str(), 1e3 * middle,
                100 * spread(times[k]), serial / middle);
    std::fflush(stdout);
    result[kinds[k].first] = {{"seconds_a_step", times[k]}, {"ratio", serial / middle}};
  }
  return result;
}

void run(Options options) {
  const bool gpu =
      options.device == "cuda" || (options.device == "auto" && cuda_status().problem.empty());
  const Precision precision = options.precision == "bf16"   ? Precision::bf16
                              : options.precision == "tf32" ? Precision::tf32
                                                            : Precision::fp32;
  FFWD_EXPECT(gpu || precision == Precision::fp32, "the CPU computes in fp32");
  const auto device = gpu ? make_cuda_device(precision) : make_cpu_device();
  if (options.rows.empty()) {
    options.rows =
        gpu ? std::vector<int64_t>{256, 1024, 4096, 16384} : std::vector<int64_t>{256, 1024};
  }
  if (options.steps == 0) options.steps = gpu ? 64 : 16;

  nlohmann::json report = {{"commit", FFWD_COMMIT},          {"device", device->name()},
                           {"precision", options.precision}, {"threads", omp_get_max_threads()},
                           {"steps", options.steps},         {"cases", nlohmann::json::array()}};
  std::printf("%s, %s, %lld steps a sample\n", device->name().c_str(), options.precision.c_str(),
              (long long)options.steps);
  std::printf("%-24s %6s %-7s %13s %8s %8s\n", "network", "rows", "", "a step", "spread", "ratio");
  for (const std::vector<int64_t>& widths :
       {std::vector<int64_t>(3, 500), std::vector<int64_t>(4, 2000)}) {
    for (const int64_t rows : options.rows) {
      report["cases"].push_back(measure(*device, {widths, rows / 2}, options));
    }
  }
  if (!options.json.empty()) std::ofstream(options.json) << report.dump(1) << "\n";
}

}  // namespace
}  // namespace ffwd::bench

int main(int argc, char** argv) {
  try {
    ffwd::bench::run(ffwd::bench::parse(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "schedule_bench: %s\n", error.what());
    return 1;
  }
}
