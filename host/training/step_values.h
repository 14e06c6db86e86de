// What each step has besides its batch: its learning rate, Adam's corrections, and the number that its
// wrong labels are drawn with.
#pragma once

#include <vector>

#include "host/recipe/recipe.h"
#include "kernels/step_values.h"

namespace ffwd {

// What the learning rates are multiplied by in an epoch, counted from 1.
float rate_factor(RateDecay decay, int64_t epoch, int64_t epochs);

// Of `count` steps in a row; the first has these numbers in its stage and in the whole run, both
// counted from 0.
std::vector<StepValues> step_values(const Recipe& recipe, float rate_factor, int64_t step_of_stage,
                                    int64_t step, int64_t count);

}  // namespace ffwd
