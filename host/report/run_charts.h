// The curves of a run: loss, goodness, accuracy and speed over its epochs, as HTML.
#pragma once

#include <string>
#include <vector>

#include "host/runs/run_records.h"

namespace ffwd {

// Four charts with titles and legends. Epochs are counted on from stage to stage of a
// greedy run.
std::string run_charts(const std::vector<EpochMetrics>& metrics);

}  // namespace ffwd
