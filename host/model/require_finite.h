// What ends a training that has diverged: numbers that are NaN or infinite.
#pragma once

#include <string>
#include <vector>

#include "engine/files/safetensors.h"

namespace ffwd {

// Throws UserError (ExitCode::not_finite) if the loss of `what` is no finite number.
void require_finite(double loss, const std::string& what, int64_t epoch);

// The same for scores of images, so many classes each: goodness, or the head's.
void require_finite(const std::vector<float>& scores, int64_t classes);

// The same for what is about to be saved.
void require_finite(const std::vector<LazyTensor>& tensors);

}  // namespace ffwd
