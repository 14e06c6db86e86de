#include "host/training/step_values.h"

#include <cmath>

namespace ffwd {

// Hinton's gain: constant for the first half of the epochs, then linear to almost zero.
float rate_factor(RateDecay decay, int64_t epoch, int64_t epochs) {
  if (decay == RateDecay::constant || 2 * epoch <= epochs) return 1.0f;
  return float(1 + 2 * (epochs - epoch)) / float(epochs);
}

std::vector<StepValues> step_values(const Recipe& recipe, float rate_factor, int64_t step_of_stage,
                                    int64_t step, int64_t count) {
  const auto correction = [](float beta, int64_t t) {
    return float(1.0 - std::pow(double(beta), double(t)));
  };
  const bool fixed = recipe.negatives.labels == Negatives::fixed;
  std::vector<StepValues> values;
  for (int64_t s = 0; s < count; ++s) {
    const int64_t t = step_of_stage + s + 1;
    values.push_back({rate_factor, correction(recipe.optimiser.beta1, t),
                      correction(recipe.optimiser.beta2, t), fixed ? 0 : uint32_t(step + s + 1)});
  }
  return values;
}

}  // namespace ffwd
