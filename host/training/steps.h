// Training steps: for every stage the plans that do them, made ready, and the memory they work in.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "host/plan/executor.h"
#include "host/training/task_runner.h"

namespace ffwd {

class Trace;

// How plans are played. A trace, if there is one, sees every task; a profiler that waits to be
// started sees the plans with steps [profile_first, profile_end), counted from 0 over the run.
struct Execution {
  ExecutorKind executor = ExecutorKind::serial;
  Trace* trace = nullptr;
  int64_t profile_first = 0, profile_end = 0;
};

using TaskKinds = std::set<TaskKind>;  // none: all

// Lanes for a schedule that asks for them, else one task after another.
ExecutorKind default_executor(Schedule schedule);

class Steps {
 public:
  // `pixels`: the training images, for the device; batches have `max_images` at most. Network,
  // pixels and trace must outlive it.
  //
  // With `same_batch` every step of a stage learns from the same images. If their wrong labels are
  // fixed too, what reaches the layers that learn is computed at the stage's first step and kept.
  Steps(Network& network, const Recipe& recipe, const uint8_t* pixels, int64_t max_images,
        bool same_batch, const Execution& execution = {});

  // The most steps that run() takes at once; layers overlap within these. Where wrong labels come
  // from an earlier head, what is learnt depends on this number, which is why it does not depend
  // on the executor then.
  int64_t most_at_once() const { return most_at_once_; }

  // Learns from these batches, one a step. Wrong labels are drawn on the way. With `only`, tasks of
  // other kinds are left out, so those that run read what earlier steps have left: for benchmarks.
  void run(const Stage& stage, const Batches& batches, const TaskKinds& only = {});

 private:
  struct Ready {
    std::unique_ptr<Plan> plan;
    std::unique_ptr<PreparedPlan> prepared;
  };

  // Whether plans have a lane for each layer.
  bool overlaps() const;
  int64_t depth_that_fits(int64_t images) const;
  Plan plan_for(const Stage& stage, int64_t images, int64_t steps, bool kept) const;
  NetworkSlots slots_for(int64_t images) const;
  void switch_profiler(int64_t steps);
  // True if the rows below this stage's layers are those of the last step.
  bool input_is_kept(const Stage& stage);

  Network* network_;
  Recipe recipe_;
  Execution execution_;
  bool same_batch_;
  int64_t most_at_once_;
  int64_t depth_;  // of plans with lanes, in what memory the network leaves
  int64_t steps_run_ = 0;
  bool profiled_ = false;      // at the moment
  std::optional<Stage> kept_;  // the stage whose input is in memory
  TaskRunner runner_;
  std::unique_ptr<Executor> executor_;
  // By stage, images, steps, whether the input is kept, and what alone is run.
  std::map<std::tuple<Stage, int64_t, int64_t, bool, TaskKinds>, Ready> ready_;
};

}  // namespace ffwd
