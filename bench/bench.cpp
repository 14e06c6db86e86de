#include "bench/bench.h"

#include <algorithm>

#include "bench/quantile.h"
#include "bench/rounds.h"

namespace ffwd::bench {
namespace {

// Where one call needs next to nothing, cold caches hardly matter.
constexpr int64_t kMostSets = 256;

bool failed = false;

}  // namespace

Bench::Bench(Device& device, int samples)
    : device_(&device),
      stopwatch_(make_stopwatch(device)),
      memory_(device),
      copy_(stopwatch_->prepare(make_copy(*stopwatch_, memory_, large_copy_bytes(device)))),
      samples_(samples) {}

int64_t Bench::sets(const Cost& cost) const {
  const auto needed = int64_t(double(stopwatch_->cold_bytes()) / cost.bytes) + 1;
  return std::min(needed, kMostSets);
}

void Bench::report(benchmark::State& state, const Cost& cost, int64_t calls,
                   const std::function<void()>& round) {
  Rounds rounds;
  rounds.add("copy", copy_);
  rounds.add("call", stopwatch_->prepare(round), calls);
  rounds.run(samples_);
  const std::vector<double>& copy_seconds = rounds.timings()[0].seconds;
  const std::vector<double>& call_seconds = rounds.timings()[1].seconds;
  const double seconds = median(call_seconds);
  const double copy_rate = 2.0 * double(large_copy_bytes(*device_)) / median(copy_seconds);

  for (auto _ : state) state.SetIterationTime(seconds);  // once: add() asks for one iteration
  state.counters["bytes"] = cost.bytes;
  state.counters["flops"] = cost.flops;
  state.counters["bytes_per_second"] = cost.bytes / seconds;
  state.counters["flops_per_second"] = cost.flops / seconds;
  state.counters["copy_bytes_per_second"] = copy_rate;
  state.counters["copy_share"] = cost.bytes / seconds / copy_rate;
  state.counters["spread"] = spread(call_seconds);
  state.counters["copy_spread"] = spread(copy_seconds);
  state.counters["samples"] = samples_;
  state.counters["touched"] = cost.bytes * double(calls);
}

void add(const std::string& name, const std::function<void(benchmark::State&)>& body) {
  const auto guarded = [body](benchmark::State& state) {
    try {
      body(state);
    } catch (const std::exception& error) {
      state.SkipWithError(error.what());
      failed = true;
      for (auto _ : state) {
      }
    }
  };
  benchmark::RegisterBenchmark(name.c_str(), guarded)
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMicrosecond);
}

bool any_has_failed() {
  return failed;
}

}  // namespace ffwd::bench
