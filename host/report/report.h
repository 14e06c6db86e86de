// A run as one HTML page: what was reached, how it was learnt, and what was asked for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/recipe/recipe.h"
#include "host/runs/run_records.h"

namespace ffwd {

struct SampleImage {
  std::string caption;
  std::vector<uint8_t> png;
};

// The page needs no network and no scripts. Curves are thinned to what a screen can show, so that
// long runs stay small. What the recipe's source states stands beside what was measured. Throws
// Error unless `summary.confusion` has a row and a column for each of `summary.class_names`.
std::string render_report(const Summary& summary, const std::vector<EpochMetrics>& metrics,
                          const std::string& recipe_text, const std::vector<SampleImage>& samples,
                          const Recipe::Reference& reference = {});

}  // namespace ffwd
