// Finds what is wrong with a plan.
#pragma once

#include <string>
#include <vector>

#include "host/plan/plan.h"

namespace ffwd {

// A sentence for every hazard; none means that every execution that the plan allows reads and
// writes the same values. What it proves:
//
//   form    lanes, buffers and slots exist; a task waits for earlier tasks of other lanes
//   lanes   the tasks of a layer share a lane; so do those of the head
//   work    every batch passes once through all that it should, in the right order: so every layer
//           learns every step exactly once
//   order   two tasks that touch the same place, one of them writing, are ordered
//   data    a task writes what is its to write; what it reads was made from its own batch and by the
//           right kind of task; weights are those of the right step, in the end of the last one
//   depth   no more batches are in flight than the plan says
std::vector<std::string> check_plan(const Plan& plan);

// "update of layer 2 at step 5"
std::string describe(const PlanTask& task);

}  // namespace ffwd
