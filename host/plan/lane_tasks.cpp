#include "host/plan/lane_tasks.h"

namespace ffwd {

LaneTasks::LaneTasks(const Plan& plan, RunTask run, Device& device)
    : plan_(&plan), run_(std::move(run)), ended_(plan.tasks.size()) {
  for (const PlanTask& task : plan.tasks) {
    for (const int64_t other : task.after) {
      auto& event = ended_[size_t(other)];
      if (!event) event = device.make_event(/*timed=*/false);
    }
  }
}

void LaneTasks::reset() {
  for (const auto& event : ended_) {
    if (event) event->reset();
  }
}

void LaneTasks::run(size_t t, Device& lane) {
  const PlanTask& task = plan_->tasks[t];
  for (const int64_t other : task.after) lane.wait_for(*ended_[size_t(other)]);
  run_(task, lane);
  if (ended_[t]) lane.record(*ended_[t]);
}

void LaneTasks::skip(size_t t, Device& lane) {
  if (ended_[t]) lane.record(*ended_[t]);
}

}  // namespace ffwd
