// The tasks of a plan with an event for each that other lanes wait for.
#pragma once

#include "host/plan/executor.h"

namespace ffwd {

class LaneTasks {
 public:
  LaneTasks(const Plan& plan, RunTask run, Device& device);

  const Plan& plan() const { return *plan_; }
  // Before the plan is played again.
  void reset();
  // Waits for what task t waits for, does it, and records its event.
  void run(size_t t, Device& lane);
  // The same without doing it: so that nobody waits for a lane that has failed.
  void skip(size_t t, Device& lane);

 private:
  const Plan* plan_;
  RunTask run_;
  std::vector<std::unique_ptr<Event>> ended_;  // null: nobody waits
};

}  // namespace ffwd
