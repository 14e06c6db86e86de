// How a kernel is measured and what is reported.
//
// A case keeps as many sets of operands as it takes for a round, one call on each set, to touch
// more memory than the caches hold: every call finds them cold. A sample is one round; samples take
// turns with a large copy, so that a machine that slows down slows both. The figures are medians:
//
//     time              of one call
//     bytes, flops      that one call needs: every operand read or written once, and the contract's
//                       arithmetic
//     bytes_per_second, flops_per_second
//     copy_share        bytes_per_second / copy_bytes_per_second, the copy's bytes being those read
//                       and those written
//     spread            distance of the quartiles of the time / its median
//     touched           bytes of a round: below `cold_bytes` of the context the case is too small to
//                       be cold
#pragma once

#include <benchmark/benchmark.h>

#include <deque>
#include <string>

#include "bench/ceilings.h"

namespace ffwd::bench {

// What one call needs at least.
struct Cost {
  double bytes, flops;
};

// A device with a stopwatch and the copy that kernels are compared with.
class Bench {
 public:
  Bench(Device& device, int samples);
  Bench(const Bench&) = delete;  // copy_ refers to it
  Bench& operator=(const Bench&) = delete;

  Device& device() const { return *device_; }
  Stopwatch& stopwatch() const { return *stopwatch_; }

  // How many sets of operands make a round of calls cold.
  int64_t sets(const Cost& cost) const;

  // Times rounds of `calls` calls.
  void report(benchmark::State& state, const Cost& cost, int64_t calls,
              const std::function<void()>& round);

 private:
  Device* device_;
  std::unique_ptr<Stopwatch> stopwatch_;
  Operands memory_;
  Sample copy_;
  int samples_;
};

// Registers the benchmark `name`; what it throws marks it as failed, with the reason, and the
// others go on.
void add(const std::string& name, const std::function<void(benchmark::State&)>& body);

// Whether one of those that were run has failed.
bool any_has_failed();

// Registers one operation of the device. `make` takes an Operands to the arguments of a call.
template <typename Args, typename Make>
void add_call(Bench& bench, const std::string& name, const Cost& cost,
              void (Device::*operation)(const Args&), const Make& make) {
  add(name, [&bench, cost, operation, make](benchmark::State& state) {
    std::deque<Operands> memory;
    std::vector<Args> calls;
    for (int64_t set = bench.sets(cost); set > 0; --set) {
      calls.push_back(make(memory.emplace_back(bench.device())));
    }
    bench.report(state, cost, int64_t(calls.size()), [&] {
      for (const Args& args : calls) (bench.device().*operation)(args);
    });
  });
}

// The cases (kernel_cases.cpp, product_cases.cpp). `rows` and `widths` are the shapes to try.
struct Shapes {
  std::vector<int64_t> rows, widths;
};
void add_copies(Bench& bench, const std::vector<int64_t>& sizes);
void add_kernels(Bench& bench, const Shapes& shapes);
// The products of fully connected layers over `rows` and of the investigations' convolutions:
// activities (forward) and the gradient of the weights.
void add_products(Bench& bench, const std::string& precision, DType dtype,
                  const std::vector<int64_t>& rows);

}  // namespace ffwd::bench
