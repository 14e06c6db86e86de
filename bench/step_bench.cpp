#include "bench/step_bench.h"

#include <algorithm>
#include <optional>
#include <set>

#include "bench/ceilings.h"
#include "bench/memory.h"

namespace ffwd::bench {
namespace {

// A sample repeats its work until it takes as long as this, but not too often for one graph.
constexpr double kBlockSeconds = 0.02;
constexpr int64_t kMostRepeats = 64;

// Steps that lanes may overlap.
constexpr int64_t kLaneSteps = 16;

// A plan of several steps copies what it learns from once; the CPU plans every step by itself.
int64_t steps_at_once(const Device& device) {
  return device.queues() ? 4 : 1;
}

// Adds contenders to rounds as blocks of work of so many steps.
class Blocks {
 public:
  Blocks(Device& device, Stopwatch& stopwatch, Rounds& rounds)
      : device_(&device), stopwatch_(&stopwatch), rounds_(&rounds) {}

  void add(const std::string& name, int64_t steps, const std::function<void()>& work) {
    const int64_t repeats = repeats_of(stopwatch_->prepare(work));
    rounds_->add(name, stopwatch_->prepare(repeated(work, repeats)), repeats * steps);
  }
  void add_launched(const std::string& name, int64_t steps, const std::function<void()>& work) {
    for (int i = 0; i < 2; ++i) work();  // plans, and captures graphs
    const int64_t repeats = repeats_of(wall_clock(*device_, work));
    rounds_->add(name, wall_clock(*device_, repeated(work, repeats)), repeats * steps);
  }

 private:
  static int64_t repeats_of(const Sample& once) {
    return int64_t(std::clamp(kBlockSeconds / once(), 1.0, double(kMostRepeats)));
  }
  static std::function<void()> repeated(const std::function<void()>& work, int64_t times) {
    return [work, times] {
      for (int64_t i = 0; i < times; ++i) work();
    };
  }

  Device* device_;
  Stopwatch* stopwatch_;
  Rounds* rounds_;
};

std::vector<TaskKind> kinds_of(const Plan& plan) {
  std::set<TaskKind> kinds;
  for (const PlanTask& task : plan.tasks) kinds.insert(task.kind);
  return {kinds.begin(), kinds.end()};
}

double best(const Timing& timing) {
  return *std::min_element(timing.seconds.begin(), timing.seconds.end());
}

}  // namespace

const Timing* StepTimes::find(const std::string& name) const {
  for (const Timing& timing : timings) {
    if (timing.name == name) return &timing;
  }
  return nullptr;
}

StepTimes time_step(Device& device, const TrainingShape& shape, int rounds) {
  const std::unique_ptr<Stopwatch> stopwatch = make_stopwatch(device);
  Rounds timed;
  Blocks blocks(device, *stopwatch, timed);

  // First, so that what libraries keep for themselves does not count as the training's memory.
  Operands memory(device);
  const int64_t side = device.queues() ? 8192 : 2048, copied = large_copy_bytes(device);
  const Matmul product = forward_matmul(memory, side, side, side, device.activation_type());
  const auto multiply = [&] { device.matmul(product); };
  const auto copy = make_copy(*stopwatch, memory, copied);
  multiply();
  device.wait();

  const int64_t before = memory_in_use(device), steps = steps_at_once(device);
  TrainingCase training(device, shape, steps, ExecutorKind::serial);
  const Plan plan = training.plan();
  blocks.add_launched("step", steps, [&] { training.run(); });
  const int64_t taken = memory_in_use(device) - before;

  if (device.queues()) blocks.add("graph", steps, [&] { training.run(); });
  blocks.add("matmuls", steps, [&] {
    training.run({TaskKind::shared_product, TaskKind::forward, TaskKind::gradient});
  });
  for (const TaskKind kind : kinds_of(plan)) {
    blocks.add(name_of(kTaskKinds, kind), steps, [&training, kind] { training.run({kind}); });
  }
  std::unique_ptr<UnfusedStep> unfused;
  if (device.activation_type() == DType::f32) {
    unfused = training.unfused();
    blocks.add("unfused", 1, [&] { unfused->run(); });
  }
  // Last, and left out where the memory that is left does not hold them. Not on the CPU, where the
  // threads of lanes slow all others down.
  std::optional<TrainingCase> lanes, lane_graph;
  const auto add_lanes = [&](const char* name, ExecutorKind kind,
                             std::optional<TrainingCase>& overlapped) {
    try {
      overlapped.emplace(device, shape, kLaneSteps, kind);
      blocks.add_launched(name, kLaneSteps, [&overlapped] { overlapped->run(); });
    } catch (const OutOfMemory&) {
      overlapped.reset();
    }
  };
  if (device.queues()) {
    add_lanes("lanes", ExecutorKind::lanes, lanes);
    add_lanes("lane graph", ExecutorKind::graph, lane_graph);
  }
  blocks.add("copy", 1, copy);
  blocks.add("matmul", 1, multiply);
  timed.run(rounds);

  StepTimes result{shape, timed.timings(), {}, {}, 0, taken, memory_yardstick(plan.shape)};
  result.rates.flops_per_second = 2.0 * double(product.m()) * double(product.n()) *
                                  double(product.k()) / best(*result.find("matmul"));
  result.rates.bytes_per_second = 2.0 * double(copied) / best(*result.find("copy"));
  result.rates.seconds_per_launch = 0;
  const PlanCost cost = cost_of(plan, result.rates);
  result.work = cost.total;
  result.floor = cost.serial;
  return result;
}

}  // namespace ffwd::bench
