// The numbers that change from step to step. Kernels read them from device memory, so that a graph
// of launches that was captured once can be played for later steps.
#pragma once

#include <cstdint>

namespace ffwd {

struct StepValues {
  float rate_factor;                         // times the learning rate
  float adam_correction1, adam_correction2;  // 1 - beta^t, t = 1 at the first step
  uint32_t draw;                             // which draw of wrong labels this is
};

}  // namespace ffwd
