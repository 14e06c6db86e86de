// What `ffwd bench` says: to people, and in files that bench/compare_reports.h reads.
#pragma once

#include <nlohmann/json.hpp>

#include "bench/step_bench.h"

namespace ffwd::bench {

void print(const StepTimes& times);

// An item of a report's "cases". A report has "device", "precision" and what bench/machine.h says
// beside them.
nlohmann::ordered_json to_json(const StepTimes& times);

}  // namespace ffwd::bench
