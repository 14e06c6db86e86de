// What a positive or negative row learns from its goodness.
#pragma once

#include "kernels/loss.h"
#include "kernels/running_figures.h"

namespace ffwd {

// d mean(loss) / d S of row r, whose goodness is scale * S; the mean is over all rows that learn.
// `adds`: the caller is the one thread that adds up the row's figures. `Args` has the objective's
// threshold and temperature, the numbers of positive and negative rows, and the running figures.
template <typename Args>
FFWD_HD float learn_row(const Args& a, int64_t r, float goodness, float scale, bool adds) {
  const bool positive = r < a.positive_rows;
  const LossAndSlope loss =
      softplus_loss(goodness, positive ? 1.0f : -1.0f, a.threshold, a.temperature);
  if (adds) {
    add_figures(a.running.data[r], loss.loss, goodness, positive, a.positive_rows, a.negative_rows);
  }
  return loss.slope * scale / float(a.positive_rows + a.negative_rows);
}

}  // namespace ffwd
