// What ran when on which lane, as a file that Perfetto (ui.perfetto.dev) and Chrome's
// chrome://tracing open.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "engine/device/device.h"
#include "host/plan/plan.h"

namespace ffwd {

class Trace {
 public:
  // Records the first `plans` plans that are played on the device, which must outlive it.
  Trace(Device& device, int64_t plans);

  // A plan is about to be played; its first step is number `step` of the run.
  void begin_plan(int64_t step);

  // Around a task, from the thread that does it: start() gives what end() takes; null if the plan
  // is not recorded.
  std::unique_ptr<Event> start(Device& lane) const;
  void end(const Plan& plan, const PlanTask& task, Device& lane, std::unique_ptr<Event> begin);

  // Waits for the device. One row a lane, one box a task. Throws UserError (files) if the file
  // cannot be written.
  void write(const std::string& path) const;

 private:
  struct Record {
    PlanTask task;
    std::string lane;
    int64_t step;  // of the run
    std::unique_ptr<Event> begin, end;
  };

  Device* device_;
  int64_t plans_, begun_ = 0, first_step_ = 0;
  std::unique_ptr<Event> origin_;
  std::mutex mutex_;
  std::vector<Record> records_;
};

}  // namespace ffwd
