// What a source states for an experiment, beside what a run of it measured.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "host/recipe/recipe.h"
#include "host/report/text_table.h"
#include "host/runs/run_records.h"

namespace ffwd {

// A figure that stands in a report as text.
struct ReferenceFigure {
  std::string name;  // "test accuracy", "loss of layer 2"
  bool is_accuracy;  // both in [0, 1]; else a loss in nats
  double stated;
  std::optional<double> measured;  // absent if the run has no such figure
};

// The figures of layer l when it learnt last; nothing if it never did.
std::optional<LayerMetrics> last_metrics(const std::vector<EpochMetrics>& metrics, size_t layer);

// The measured accuracy that a source's accuracy is to be compared with: as the source predicts,
// else by goodness, else by the head.
std::optional<double> train_accuracy(const Recipe::Reference& reference, const Summary& summary);
std::optional<double> test_accuracy(const Recipe::Reference& reference, const Summary& summary);

// All figures that `reference` states: accuracies, then losses.
std::vector<ReferenceFigure> reference_figures(const Recipe::Reference& reference,
                                               const Summary& summary,
                                               const std::vector<EpochMetrics>& metrics);

// measured - stated: "+0.12 points" of accuracies, "-1.3 %" of the stated loss.
std::string difference_text(const ReferenceFigure& figure);

// The figures as a table: name, stated, measured, difference.
TextTable reference_table(const std::vector<ReferenceFigure>& figures);

}  // namespace ffwd
