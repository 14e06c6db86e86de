// What a plan costs: work counted from shapes, and a model of the time that it takes.
#pragma once

#include "engine/device/device.h"
#include "host/plan/plan.h"

namespace ffwd {

// The work of a task, with the kernels as they are.
struct TaskCost {
  double flops = 0;  // multiplications and additions of its matmuls; nothing else counts here
  // Every operand of every kernel once, as if nothing stayed in a cache; numbers that a row or a
  // column has one of count where there is no matrix beside them.
  double bytes = 0;
  int64_t launches = 0;  // kernels, a matmul or a convolution being one
};

TaskCost cost_of(const Plan& plan, const PlanTask& task);

// What a device does at most.
struct DeviceRates {
  double flops_per_second, bytes_per_second, seconds_per_launch;
};

// An H200 at 80 % of the dense arithmetic in its data sheet and 90 % of its bandwidth; a launch in
// 2 us. Nothing of it was measured here.
DeviceRates h200_rates(Precision precision);

// The model: a task takes the longer of computing and of moving bytes, and its launches on top.
struct PlanCost {
  TaskCost total;
  double serial = 0;         // seconds, one task after another
  double critical_path = 0;  // if every lane had a device to itself
  double floor = 0;          // all flops, or all bytes, without a pause
  std::vector<double> busy;  // of each lane

  // Lanes share one device: no faster than the critical path, nor than the device.
  double planned() const { return critical_path > floor ? critical_path : floor; }
  // 1: nothing is gained. A plan without tasks has none.
  double ratio() const { return planned() / serial; }
};

PlanCost cost_of(const Plan& plan, const DeviceRates& rates);

}  // namespace ffwd
