// ffwd bench: times a training step and its parts; compares two reports of that.
#include <cstdio>

#include "bench/compare_reports.h"
#include "bench/machine.h"
#include "bench/step_report.h"
#include "host/basics/build.h"
#include "host/basics/file_io.h"
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
  nlohmann::ordered_json report = bench::describe_machine(*device, command.device);
  report["cases"] = nlohmann::ordered_json::array();
  const auto write = [&] {
    if (!command.json.empty()) write_file_atomically(command.json, report.dump(1) + "\n");
  };
  write();  // to find out early that it cannot be written
  std::printf("ffwd %s on %s, %s; medians of %d rounds\n", build_commit().c_str(),
              device->name().c_str(), to_string(command.device.precision).c_str(), command.rounds);
  for (const bench::TrainingShape& shape : shapes_of(command, *device)) {
    const bench::StepTimes times = bench::time_step(*device, shape, command.rounds);
    bench::print(times);
    report["cases"].push_back(bench::to_json(times));
    write();
  }
}

void compare_benches(const std::string& file_a, const std::string& file_b) {
  bench::print_comparison(file_a, file_b);
}

}  // namespace ffwd
