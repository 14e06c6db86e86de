// Plays plans. What runs on which lane, and what it waits for, is the plan's affair; executors only
// keep to it.
#pragma once

#include <functional>
#include <memory>

#include "engine/device/device.h"
#include "host/plan/plan.h"
#include "kernels/names.h"

namespace ffwd {

enum class ExecutorKind {
  serial,  // one task after another
  lanes,   // lanes side by side: a CPU thread or a CUDA stream each
  graph    // the plan as one CUDA graph, captured at the second playing
};

inline constexpr Named<ExecutorKind> kExecutors[] = {{"serial", ExecutorKind::serial},
                                                     {"lanes", ExecutorKind::lanes},
                                                     {"graph", ExecutorKind::graph}};

// Does a task on the device that stands for its lane. May be called from several threads, by each
// for other lanes.
using RunTask = std::function<void(const PlanTask& task, Device& lane)>;

// A plan made ready.
class PreparedPlan {
 public:
  virtual ~PreparedPlan() = default;
  // Plays it once. On a GPU work is queued on the executor's device, behind what is there, and the
  // call does not wait. Throws what a task throws, after all lanes have stopped.
  virtual void play() = 0;
};

class Executor {
 public:
  virtual ~Executor() = default;
  // Plan and executor must outlive the result.
  virtual std::unique_ptr<PreparedPlan> prepare(const Plan& plan, RunTask run) = 0;
};

// Throws ffwd::Error for a graph on the CPU. The device must outlive the executor.
std::unique_ptr<Executor> make_executor(ExecutorKind kind, Device& device);

}  // namespace ffwd
