// ffwd bench: times a training step and its parts; compares two reports of that.
#include <omp.h>

#include <cstdio>
#include <fstream>

#include "bench/step_report.h"
#include "host/errors.h"
#include "tools/commands.h"

namespace ffwd {
namespace {

std::vector<bench::TrainingShape> shapes_of(const BenchCommand& command, const Device& device) {
  if (!command.widths.empty()) return {{command.widths, command.pairs}};
  const std::vector<int64_t> narrow(3, 500), wide(4, 2000);
  if (!device.queues()) return {{narrow, 100}, {wide, 512}};
  return {{narrow, 100}, {wide, 512}, {wide, 8192}, {wide, 50000}};
}

}  // namespace

void bench_steps(const BenchCommand& command) {
  const std::unique_ptr<Device> device = open_device(command.device);
  bench::BenchReport report{
      FFWD_COMMIT, device->name(), command.device.precision, omp_get_max_threads(), {}};
  std::ofstream json;
  if (!command.json.empty()) {
    json.open(command.json);
    if (!json) throw FileError("--json: cannot write " + command.json);
  }
  std::printf("ffwd %s on %s, %s; medians of %d rounds\n", FFWD_COMMIT, device->name().c_str(),
              command.device.precision.c_str(), command.rounds);
  for (const bench::TrainingShape& shape : shapes_of(command, *device)) {
    report.cases.push_back(bench::time_step(*device, shape, command.rounds));
    bench::print(report.cases.back());
  }
  if (json.is_open()) json << bench::to_json(report).dump(1) << "\n";
}

void compare_benches(const std::string& file_a, const std::string& file_b) {
  bench::print_comparison(file_a, file_b);
}

}  // namespace ffwd
