#include "host/training/learner.h"

#include "host/training/backprop_learner.h"
#include "host/training/forward_forward_learner.h"

namespace ffwd {

std::unique_ptr<Learner> make_learner(Device& device, const Recipe& recipe, const Dataset& data,
                                      const Execution& execution) {
  if (recipe.training.algorithm == Algorithm::backprop) {
    return std::make_unique<BackpropLearner>(device, recipe, data);
  }
  return std::make_unique<ForwardForwardLearner>(device, recipe, data, execution);
}

}  // namespace ffwd
