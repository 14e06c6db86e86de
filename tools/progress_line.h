// How a training goes: a line that is rewritten in place on a terminal, and lines that stay, for
// epochs with accuracies, for the last one, and else every two seconds at most.
#pragma once

#include "host/training/progress.h"

namespace ffwd {

class ProgressLine {
 public:
  ProgressLine();
  // Rewrites the line; does nothing when not on a terminal.
  void update(const Progress& progress);
  // Ends the epoch's line, with accuracies if they were measured.
  void end_epoch(const Progress& progress, const EpochMetrics& metrics);

 private:
  bool terminal_;
  double last_plain_line_ = 0;  // seconds of training
};

}  // namespace ffwd
