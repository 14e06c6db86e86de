// Which tasks of a plan are before which.
#pragma once

#include "host/plan/plan.h"

namespace ffwd {

class PlanOrder {
 public:
  // Dependencies on tasks that do not come earlier are left out.
  explicit PlanOrder(const Plan& plan);

  // Whether task a must have ended when task b starts.
  bool before(int64_t a, int64_t b) const;

 private:
  const Plan* plan_;
  // For every task and lane, the last task of that lane that is before the task; -1: none.
  std::vector<std::vector<int64_t>> last_;
};

// Fills in `after` of every task: what the order of the tasks asks for where they touch the same
// memory, and that no more than `depth` batches are in flight; without what is implied anyway.
void link_tasks(Plan& plan);

}  // namespace ffwd
