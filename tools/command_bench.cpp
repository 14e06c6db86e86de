// ffwd bench: times a training step and its parts; compares two reports of that.
#include <CLI/CLI.hpp>
#include <cstdio>

#include "bench/compare_reports.h"
#include "bench/machine.h"
#include "bench/step_report.h"
#include "host/basics/build.h"
#include "host/basics/file_io.h"
#include "host/device/open_device.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace ffwd {
namespace {

constexpr const char* kTimes =
    "Threshold objective, Adam, every layer learning at each step, random images. What takes "
    "turns:\n"
    "  step        the whole step, one task after another\n"
    "  graph       the same as one CUDA graph (on a GPU)\n"
    "  lanes       on lanes, which overlap the layers (on a GPU, if it has the memory; --executor "
    "lanes)\n"
    "  lane graph  the same as one CUDA graph (likewise; --executor graph)\n"
    "  matmuls     the step's tasks with matmuls alone, on the same buffers\n"
    "  gather ..   each kind of task alone, as ffwd plan lists them\n"
    "  unfused     the step as a framework runs it, operation by operation (not in bf16)\n"
    "  copy        of a large piece of memory\n"
    "  matmul      a large one\n"
    "The floor is what the step takes if each task goes as fast as the copy and the matmul allow;\n"
    "what stays in caches can be below it. Times are of one step, medians; the spread is the\n"
    "distance of the quartiles over the median.\n";

struct BenchCommand {
  DeviceOptions device;
  std::vector<int64_t> widths;  // of the layers; empty: a few networks
  int64_t pairs = 512;          // of images; with widths
  int rounds = 21;
  std::string json;  // file; empty: none
};

struct CompareCommand {
  std::string a, b;  // files
};

std::vector<bench::TrainingShape> shapes_of(const BenchCommand& command, const Device& device) {
  if (!command.widths.empty()) return {{command.widths, command.pairs}};
  const std::vector<int64_t> narrow(3, 500), wide(4, 2000);
  if (!device.queues()) return {{narrow, 100}, {wide, 512}};
  return {{narrow, 100}, {wide, 512}, {wide, 8192}, {wide, 50000}};
}

void bench_steps(const BenchCommand& command) {
  const std::unique_ptr<Device> device = open_device(command.device);
  nlohmann::ordered_json report = bench::describe_machine(*device, command.device);
  report["cases"] = nlohmann::ordered_json::array();
  if (!command.json.empty()) check_can_write(command.json);
  std::printf("ffwd %s on %s, %s; medians of %d rounds\n", build_commit().c_str(),
              device->name().c_str(), name_of(kPrecisions, command.device.precision),
              command.rounds);
  for (const bench::TrainingShape& shape : shapes_of(command, *device)) {
    const bench::StepTimes times = bench::time_step(*device, shape, command.rounds);
    bench::print(times);
    report["cases"].push_back(bench::to_json(times));
    if (!command.json.empty()) write_file_atomically(command.json, report.dump(1) + "\n");
  }
}

}  // namespace

void declare_bench(CLI::App& app) {
  const auto line = std::make_shared<BenchCommand>();
  CLI::App* bench = app.add_subcommand("bench", "Time a training step and what it is made of");
  bench->require_subcommand(0, 1);
  add_device_options(*bench, line->device);
  CLI::Option* widths =
      bench
          ->add_option("--widths", line->widths,
                       "of a network's layers, such as 2000,2000; if absent, 500,500,500 with 100"
                       " pairs and 2000,2000,2000,2000 with 512, and with 8192 and 50000 on a GPU")
          ->delimiter(',')
          ->check(CLI::Range(1, 100000));
  bench->add_option("--pairs", line->pairs, "images of a batch, each a positive and a negative row")
      ->check(CLI::Range(1, 1000000))
      ->needs(widths)
      ->capture_default_str();
  bench->add_option("--rounds", line->rounds, "samples of each time; `compare` wants 15")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  CLI::Option* json = bench->add_option("--json", line->json, "writes every sample there");
  bench->footer([] { return std::string(kTimes); });
  bench->callback([bench, line] {
    if (bench->get_subcommands().empty()) bench_steps(*line);
  });

  const auto files = std::make_shared<CompareCommand>();
  CLI::App* compare = bench->add_subcommand("compare", "Show how two files of bench --json differ");
  compare->add_option("a", files->a, "the file to compare with")->required();
  compare->add_option("b", files->b, "the file that may be faster or slower")->required();
  compare->excludes(json);
  compare->callback([files] { bench::print_comparison(files->a, files->b); });
}

}  // namespace ffwd
