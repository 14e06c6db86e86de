// The curves of a run: loss, goodness, accuracy and speed over its epochs, as HTML.
#pragma once

#include <string>
#include <vector>

#include "host/runs/run_records.h"

namespace ffwd {

// Four charts with titles and legends. Stages of a greedy run follow one another, whether their
// epochs are counted on or begin at 1 each.
std::string run_charts(const std::vector<EpochMetrics>& metrics);

}  // namespace ffwd
