// What a training step takes, and what it is made of: timed in turns in one process, so that a
// machine that slows down slows all alike.
#pragma once

#include "bench/stopwatch.h"
#include "bench/training_case.h"
#include "host/plan_cost.h"

namespace ffwd::bench {

// Seconds of every round.
struct Timing {
  std::string name;
  std::vector<double> seconds;
};

struct StepTimes {
  TrainingShape shape;
  // "step"; "matmuls": the step's matmuls alone, with its buffers, data and algorithms; "unfused"
  // (bench/unfused_step.h; fp32 and tf32); every kind of task alone, under its name; "copy" and
  // "matmul": a large one of each.
  std::vector<Timing> timings;
  // Of those large ones, at their best.
  DeviceRates rates;
  TaskCost work;  // of the step
  // Seconds of the step if every task went at these rates, one after another.
  double floor;
  // The device's memory: what the training took, and its bound: weights, optimiser state, two
  // activations a layer, images.
  int64_t bytes, bound_bytes;
};

StepTimes time_step(Device& device, const TrainingShape& shape, int rounds);

}  // namespace ffwd::bench
