// What overlapping layers brings: the same training steps played serially, on lanes, and on a GPU
// as a graph, in turns.
//
// Times are medians; the spread is the distance of the quartiles over the median; the ratio is that
// of the medians, serial over this one. The CPU has the threads that OpenMP gives, all of them
// serially, its share of them for each lane.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "bench/machine.h"
#include "bench/quantile.h"
#include "bench/rounds.h"
#include "bench/training_case.h"
#include "host/basics/file_io.h"
#include "host/device/device_options.h"

namespace ffwd::bench {
namespace {

struct Options {
  DeviceOptions device;
  std::string json;
  std::vector<int64_t> rows;
  int64_t steps = 0;
  int samples = 9;
};

void declare(CLI::App& app, Options& options) {
  add_device_options(app, options.device);
  app.add_option("--rows", options.rows,
                 "positive and negative rows of a batch, several with commas; 256, 1024, 4096 and"
                 " 16384 on a GPU, 256 and 1024 on the CPU if absent")
      ->delimiter(',')
      ->check(CLI::Range(2, 1 << 20));
  app.add_option("--steps", options.steps, "steps a sample; 64 on a GPU, 16 on the CPU if absent")
      ->check(CLI::PositiveNumber);
  app.add_option("--samples", options.samples, "samples of each time")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--json", options.json, "writes every sample there");
}

// One shape, all executors in turns.
nlohmann::ordered_json measure(Device& device, const TrainingShape& shape, const Options& options) {
  std::vector<std::unique_ptr<TrainingCase>> trainings;
  Rounds rounds;
  for (const auto& [name, kind] : kExecutors) {
    if (kind == ExecutorKind::graph && !device.queues()) continue;
    TrainingCase& training =
        *trainings.emplace_back(std::make_unique<TrainingCase>(device, shape, options.steps, kind));
    const Sample sample = wall_clock(device, [&training] { training.run(); });
    for (int i = 0; i < 2; ++i) sample();  // plans, graphs
    rounds.add(name, sample, options.steps);
  }
  rounds.run(options.samples);
  nlohmann::ordered_json result = {{"widths", shape.widths}, {"rows", 2 * shape.pairs}};
  const double serial = median(rounds.timings().front().seconds);
  for (const Timing& timing : rounds.timings()) {
    const double middle = median(timing.seconds);
    std::printf("%-24s %6lld %-7s %10.3f ms %6.1f %% %8.2f\n", name_of(shape.widths).c_str(),
                (long long)(2 * shape.pairs), timing.name.c_str(), 1e3 * middle,
                100 * spread(timing.seconds), serial / middle);
    std::fflush(stdout);
    result[timing.name] = {{"seconds_a_step", timing.seconds}, {"ratio", serial / middle}};
  }
  return result;
}

void run(Options options) {
  const auto device = open_device(options.device);
  const bool gpu = device->queues();
  for (const int64_t rows : options.rows) FFWD_EXPECT(rows % 2 == 0, "--rows takes even numbers");
  if (options.rows.empty()) {
    options.rows =
        gpu ? std::vector<int64_t>{256, 1024, 4096, 16384} : std::vector<int64_t>{256, 1024};
  }
  if (options.steps == 0) options.steps = gpu ? 64 : 16;

  nlohmann::ordered_json report = describe_machine(*device, options.device);
  report["steps"] = options.steps;
  const auto write = [&] {
    if (!options.json.empty()) write_file_atomically(options.json, report.dump(1) + "\n");
  };
  write();  // to find out early that it cannot be written
  std::printf("%s, %s, %lld steps a sample\n", device->name().c_str(),
              to_string(options.device.precision).c_str(), (long long)options.steps);
  std::printf("%-24s %6s %-7s %13s %8s %8s\n", "network", "rows", "", "a step", "spread", "ratio");
  for (const std::vector<int64_t>& widths :
       {std::vector<int64_t>(3, 500), std::vector<int64_t>(4, 2000)}) {
    for (const int64_t rows : options.rows) {
      report["cases"].push_back(measure(*device, {widths, rows / 2}, options));
      write();
    }
  }
}

}  // namespace
}  // namespace ffwd::bench

int main(int argc, char** argv) {
  CLI::App app("Times training steps played serially, on lanes, and on a GPU as a graph.",
               "schedule_bench");
  ffwd::bench::Options options;
  ffwd::bench::declare(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    ffwd::bench::run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "schedule_bench: %s\n", error.what());
    return 1;
  }
}
