#include "bench/step_bench.h"

#include <algorithm>
#include <fstream>

#include "bench/operands.h"

namespace ffwd::bench {
namespace {

constexpr int64_t kMiB = int64_t(1) << 20;

// Bytes that the process has of the device's memory, but for a constant.
int64_t memory_in_use(const Device& device) {
  if (device.queues()) return -device.free_memory();
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kibibytes = 0;
    if (word == "VmRSS:" && status >> kibibytes) return kibibytes << 10;
  }
  return 0;
}

int64_t bound_of(const PlanShape& shape) {
  int64_t bytes = shape.batch * shape.image.pixels() * shape.image.channels;
  for (const LayerShape& layer : shape.layers) {
    bytes += layer.units * (layer.inputs + 1) * 4 * (1 + shape.optimiser_states);
    bytes += 2 * shape.rows() * layer.units * shape.activation_bytes;
  }
  return bytes;
}

// A matrix product that is large enough to run as fast as any.
Matmul large_matmul(Operands& memory, const Device& device) {
  const int64_t side = device.queues() ? 8192 : 2048;
  const DType type = device.activation_type();
  return {memory.matrix(side, side, type, Fill::centred), false,
          memory.matrix(side, side, type, Fill::centred), true,
          memory.matrix(side, side, type, Fill::zero)};
}

class Rounds {
 public:
  explicit Rounds(Stopwatch& stopwatch) : stopwatch_(&stopwatch) {}

  void add(const std::string& name, const std::function<void()>& work) {
    samples_.push_back(stopwatch_->prepare(work));
    timings_.push_back({name, {}});
  }
  void run(int rounds) {
    for (int round = 0; round < rounds; ++round) {
      for (size_t i = 0; i < samples_.size(); ++i) timings_[i].seconds.push_back(samples_[i]());
    }
  }
  const std::vector<Timing>& timings() const { return timings_; }

 private:
  Stopwatch* stopwatch_;
  std::vector<Sample> samples_;
  std::vector<Timing> timings_;
};

double best(const Timing& timing) {
  return *std::min_element(timing.seconds.begin(), timing.seconds.end());
}

}  // namespace

StepTimes time_step(Device& device, const TrainingShape& shape, int rounds) {
  const std::unique_ptr<Stopwatch> stopwatch =
      device.queues() ? make_cuda_stopwatch(device) : make_cpu_stopwatch();
  StepTimes result;
  result.shape = shape;

  const int64_t before = memory_in_use(device);
  TrainingCase training(device, shape, /*steps=*/1, ExecutorKind::serial);
  const Plan plan = training.plan();
  std::unique_ptr<UnfusedStep> unfused;
  training.run();
  device.wait();
  result.bytes = memory_in_use(device) - before;
  result.bound_bytes = bound_of(plan.shape);

  Rounds times(*stopwatch);
  times.add("step", [&] { training.run(); });
  times.add("matmuls", [&] {
    training.run({TaskKind::product, TaskKind::forward, TaskKind::gradient});
  });
  if (device.activation_type() == DType::f32) {
    unfused = training.unfused();
    times.add("unfused", [&] { unfused->run(); });
  }
  std::vector<TaskKind> kinds;
  for (const PlanTask& task : plan.tasks) {
    if (std::count(kinds.begin(), kinds.end(), task.kind) > 0) continue;
    kinds.push_back(task.kind);
    times.add(name_of(task.kind), [&training, kind = task.kind] { training.run({kind}); });
  }

  Operands memory(device);
  const int64_t copied = (device.queues() ? 1024 : 128) * kMiB;
  void* const to = memory.memory(copied, DType::f32, Fill::zero);
  const void* const from = memory.memory(copied, DType::f32, Fill::centred);
  times.add("copy", [&] { stopwatch->copy(to, from, copied); });
  const Matmul product = large_matmul(memory, device);
  times.add("matmul", [&] { device.matmul(product); });

  times.run(rounds);
  const Timing &matmul = times.timings().back(), &copy = times.timings().end()[-2];
  result.rates.flops_per_second =
      2.0 * double(product.m()) * double(product.n()) * double(product.k()) / best(matmul);
  result.rates.bytes_per_second = 2.0 * double(copied) / best(copy);
  result.rates.seconds_per_launch = 0;
  const PlanCost cost = cost_of(plan, result.rates);
  result.work = cost.total;
  result.floor = cost.serial;
  result.timings = times.timings();
  return result;
}

}  // namespace ffwd::bench
