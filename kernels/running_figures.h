// What the rows of a layer add up from step to step. Each row has sums of its own, so no two
// threads meet in one; over all rows they give the sums over steps of a batch's mean loss and mean
// goodness.
#pragma once

#include <cstdint>

#include "kernels/portable.h"

namespace ffwd {

struct RunningFigures {
  float loss, positive, negative;  // nats; goodness of positive and of negative rows
};

// Adds a row's share of the means over `positive_rows` and `negative_rows`.
FFWD_HD void add_figures(RunningFigures& sums, float loss, float goodness, bool positive,
                         int64_t positive_rows, int64_t negative_rows) {
  sums.loss += loss / float(positive_rows + negative_rows);
  if (positive) {
    sums.positive += goodness / float(positive_rows);
  } else {
    sums.negative += goodness / float(negative_rows);
  }
}

}  // namespace ffwd
