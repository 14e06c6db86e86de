// What a training step takes, and what it is made of: timed in turns in one process, in blocks of
// steps that take a while.
#pragma once

#include "bench/rounds.h"
#include "bench/training_case.h"
#include "host/plan/plan_cost.h"

namespace ffwd::bench {

struct StepTimes {
  TrainingShape shape;
  // Seconds a step of
  //     step       the whole step, one task after another, as training launches it
  //     graph      the same as a CUDA graph, without gaps for launches; on a GPU only
  //     lanes      as training plays it on lanes, where tasks of several steps overlap; on a GPU only
  //     lane graph the same as a CUDA graph; both where there is memory for them
  //     matmuls    its tasks with matmuls alone, with its buffers and algorithms
  //     gather...  every kind of its tasks alone, under its name
  //     unfused    bench/unfused_step.h; in fp32 and tf32 only
  // and of a large copy and a large matmul, once: copy, matmul. All but `step` and `lanes` as graphs on
  // a GPU.
  std::vector<Timing> timings;
  // Of the copy and the matmul, at their best.
  DeviceRates rates;
  TaskCost work;  // of a step
  double floor;   // seconds of a step if every task went at these rates, one after another
  // What the training took of the device's memory, and what it could get by with (bench/memory.h).
  int64_t memory, memory_yardstick;

  const Timing* find(const std::string& name) const;
};

StepTimes time_step(Device& device, const TrainingShape& shape, int rounds);

}  // namespace ffwd::bench
