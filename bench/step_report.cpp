#include "bench/step_report.h"

#include <cstdio>

#include "bench/quantile.h"

namespace ffwd::bench {
namespace {

std::string case_name(const TrainingShape& shape) {
  return name_of(shape.widths) + ", " + std::to_string(shape.pairs) + " pairs";
}

}  // namespace

void print(const StepTimes& times) {
  const auto seconds = [&](const char* name) { return median(times.find(name)->seconds); };
  const double step = seconds("step");
  std::printf("\n%s\n%-16s %12s %9s %13s\n", case_name(times.shape).c_str(), "", "time", "spread",
              "of the step");
  for (const Timing& timing : times.timings) {
    const double middle = median(timing.seconds);
    std::printf("%-16s %9.3f ms %7.1f %% %11.1f %%\n", timing.name.c_str(), 1e3 * middle,
                100 * spread(timing.seconds), 100 * middle / step);
  }
  std::printf("%-16s %9.3f ms %9s %11.1f %%\n", "floor", 1e3 * times.floor, "",
              100 * times.floor / step);

  // Both without gaps for launches, or both with what there is of them.
  const bool graph = times.find("graph");
  const double whole = graph ? seconds("graph") : step;
  std::printf("the %s is %.2fx its matmuls and %.2fx the floor", graph ? "graph" : "step",
              whole / seconds("matmuls"), whole / times.floor);
  if (times.find("unfused")) std::printf("; unfused is %.2fx it", seconds("unfused") / whole);
  std::printf("\nfloor: %.4g GFLOP at %.4g GFLOP/s, %.4g MB at %.4g GB/s\n",
              1e-9 * times.work.flops, 1e-9 * times.rates.flops_per_second, 1e-6 * times.work.bytes,
              1e-9 * times.rates.bytes_per_second);
  std::printf("%lld launches a step, %.4g pairs a second\n", (long long)times.work.launches,
              double(times.shape.pairs) / step);
  std::printf("%.4g MB of memory, %.2fx weights, optimiser, two activations a layer and images\n",
              1e-6 * double(times.memory), double(times.memory) / double(times.memory_yardstick));
  std::fflush(stdout);
}

nlohmann::ordered_json to_json(const StepTimes& times) {
  nlohmann::ordered_json seconds;
  for (const Timing& timing : times.timings) seconds[timing.name] = timing.seconds;
  return {{"name", case_name(times.shape)},
          {"widths", times.shape.widths},
          {"pairs", times.shape.pairs},
          {"seconds", seconds},
          {"floor_seconds", times.floor},
          {"flops_per_second", times.rates.flops_per_second},
          {"bytes_per_second", times.rates.bytes_per_second},
          {"flops", times.work.flops},
          {"bytes", times.work.bytes},
          {"launches", times.work.launches},
          {"memory_bytes", times.memory},
          {"memory_yardstick_bytes", times.memory_yardstick}};
}

}  // namespace ffwd::bench
