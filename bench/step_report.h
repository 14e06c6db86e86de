// Reports of `ffwd bench`: to people, to files, and two of them beside each other.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/step_bench.h"

namespace ffwd::bench {

// What was measured where.
struct BenchReport {
  std::string commit, device, precision;
  int threads = 1;
  std::vector<StepTimes> cases;
};

void print(const StepTimes& times);
nlohmann::json to_json(const BenchReport& report);

// Prints how the timings that both files have differ: medians, and in how many pairs of samples, one
// of each, the second is the faster. Throws UserError (files) if a file is no report of `ffwd bench`
// or the two have nothing in common.
void print_comparison(const std::string& file_a, const std::string& file_b);

}  // namespace ffwd::bench
