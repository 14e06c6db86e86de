// Makes plans: what a stage of training asks for becomes tasks, buffers and lanes.
#pragma once

#include "host/plan/plan.h"

namespace ffwd {

struct PlanOptions {
  Stage stage;
  int64_t steps = 1;
  bool pipelined = false;  // a lane for each layer; else a single one
  int64_t depth = 0;       // of a pipelined plan; 0: layers + 2, which is as much as can help
  // What an earlier plan of the same stage and batch, made with the same depth, has left is kept.
  bool kept = false;
  int64_t memory_limit = 0;  // bytes for all buffers; lowers depth until they fit; 0: none
};

// The plan of `steps` steps, after which nothing is in flight. What never changes while it runs
// (pixels, the order of images, true labels) is not in it. Throws UserError (memory) if the limit is
// too small for any plan.
Plan make_plan(const PlanShape& shape, const PlanOptions& options);

}  // namespace ffwd
