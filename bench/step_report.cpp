#include "bench/step_report.h"

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

#include "bench/quantile.h"
#include "host/errors.h"

namespace ffwd::bench {
namespace {

using nlohmann::json;

std::string name_of(const TrainingShape& shape) {
  std::string name = "784";
  for (const int64_t width : shape.widths) name += "-" + std::to_string(width);
  return name + ", " + std::to_string(shape.pairs) + " pairs";
}

const Timing& find(const StepTimes& times, const std::string& name) {
  for (const Timing& timing : times.timings) {
    if (timing.name == name) return timing;
  }
  fail(__FILE__, __LINE__, "nothing was timed under the name " + name);
}

// The samples of every timing of a file, by "NETWORK, PAIRS: TIMING".
struct Samples {
  std::string machine;
  std::map<std::string, std::vector<double>> seconds;
};

Samples read(const std::string& file) {
  std::ifstream stream(file);
  if (!stream) throw FileError(file + " cannot be read");
  try {
    const json report = json::parse(stream);
    Samples samples;
    const auto text = [&](const char* key) { return report.at(key).get<std::string>(); };
    samples.machine = text("device") + ", " + text("precision") + ", " +
                      std::to_string(report.at("threads").get<int>()) + " threads, " +
                      text("commit");
    for (const json& one : report.at("cases")) {
      for (const auto& [timing, seconds] : one.at("seconds").items()) {
        const auto values = seconds.get<std::vector<double>>();
        if (values.empty()) continue;
        samples.seconds[one.at("name").get<std::string>() + ": " + timing] = values;
      }
    }
    return samples;
  } catch (const json::exception&) {
    throw FileError(file + " is no report of ffwd bench --json");
  }
}

// In how many pairs, one of each, b is the less; halves count for ties.
double share_below(const std::vector<double>& b, const std::vector<double>& a) {
  double below = 0;
  for (const double x : b) {
    for (const double y : a) below += x < y ? 1.0 : x == y ? 0.5 : 0.0;
  }
  return below / double(a.size() * b.size());
}

// Only where the middle halves of the samples lie apart.
const char* verdict(const std::vector<double>& a, const std::vector<double>& b) {
  if (quantile(b, 0.75) < quantile(a, 0.25)) return "faster";
  if (quantile(b, 0.25) > quantile(a, 0.75)) return "slower";
  return "no difference";
}

}  // namespace

void print(const StepTimes& times) {
  const double step = median(find(times, "step").seconds);
  const double matmuls = median(find(times, "matmuls").seconds);
  std::printf("\n%-16s %12s %8s %12s\n", name_of(times.shape).c_str(), "", "spread", "of the step");
  for (const Timing& timing : times.timings) {
    const double seconds = median(timing.seconds);
    std::printf("  %-14s %9.3f ms %6.1f %% %12.3f\n", timing.name.c_str(), 1e3 * seconds,
                100 * spread(timing.seconds), seconds / step);
  }
  std::printf("  %-14s %9.3f ms %8s %12.3f\n", "floor", 1e3 * times.floor, "", times.floor / step);
  std::printf(
      "the step is %.2fx its matmuls and %.2fx the floor (%.4g GFLOP/s, %.4g GB/s, as measured)\n",
      step / matmuls, step / times.floor, 1e-9 * times.rates.flops_per_second,
      1e-9 * times.rates.bytes_per_second);
  std::printf("%.4g GFLOP, %.4g MB and %lld launches a step; %.0f pairs a second\n",
              1e-9 * times.work.flops, 1e-6 * times.work.bytes, (long long)times.work.launches,
              double(times.shape.pairs) / step);
  std::printf("%.4g MB of memory, %.2fx weights, optimiser, two activations a layer and images\n",
              1e-6 * double(times.bytes), double(times.bytes) / double(times.bound_bytes));
  std::fflush(stdout);
}

json to_json(const BenchReport& report) {
  json cases = json::array();
  for (const StepTimes& times : report.cases) {
    json seconds = json::object();
    for (const Timing& timing : times.timings) seconds[timing.name] = timing.seconds;
    cases.push_back({{"name", name_of(times.shape)},
                     {"widths", times.shape.widths},
                     {"pairs", times.shape.pairs},
                     {"seconds", seconds},
                     {"floor_seconds", times.floor},
                     {"flops_per_second", times.rates.flops_per_second},
                     {"bytes_per_second", times.rates.bytes_per_second},
                     {"flops", times.work.flops},
                     {"bytes", times.work.bytes},
                     {"launches", times.work.launches},
                     {"memory_bytes", times.bytes},
                     {"memory_bound_bytes", times.bound_bytes}});
  }
  return {{"commit", report.commit},       {"device", report.device},
          {"precision", report.precision}, {"threads", report.threads},
          {"cases", cases}};
}

void print_comparison(const std::string& file_a, const std::string& file_b) {
  const Samples a = read(file_a), b = read(file_b);
  std::printf("A: %s\nB: %s\n\n%-48s %10s %10s %6s %9s\n", a.machine.c_str(), b.machine.c_str(), "",
              "A", "B", "A/B", "B faster");
  bool common = false;
  for (const auto& [name, of_a] : a.seconds) {
    const auto found = b.seconds.find(name);
    if (found == b.seconds.end()) continue;
    const std::vector<double>& of_b = found->second;
    common = true;
    std::printf("%-48s %7.3f ms %7.3f ms %6.2f %7.0f %%  %s\n", name.c_str(), 1e3 * median(of_a),
                1e3 * median(of_b), median(of_a) / median(of_b), 100 * share_below(of_b, of_a),
                verdict(of_a, of_b));
  }
  if (!common) throw FileError(file_a + " and " + file_b + " have timed nothing in common");
  std::printf(
      "\nMedians. \"B faster\": the share of pairs of samples, one of each, in which B took less. A"
      "\nverdict needs the middle halves of the samples to lie apart.\n");
}

}  // namespace ffwd::bench
