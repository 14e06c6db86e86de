#include "host/model/require_finite.h"

#include <cmath>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

[[noreturn]] void diverged(const std::string& what) {
  throw UserError(ExitCode::not_finite, what + "; a smaller learning rate may help");
}

}  // namespace

void require_finite(double loss, const std::string& what, int64_t epoch) {
  if (std::isfinite(loss)) return;
  diverged("the loss of " + what + " is no longer a finite number in epoch " +
           std::to_string(epoch));
}

void require_finite(const std::vector<float>& scores, int64_t classes) {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (std::isfinite(scores[i])) continue;
    diverged("what the network makes of image " + std::to_string(int64_t(i) / classes + 1) +
             " is no finite number");
  }
}

void require_finite(const std::vector<LazyTensor>& tensors) {
  for (const LazyTensor& tensor : tensors) {
    if (all_finite(tensor.data())) continue;
    diverged(tensor.name + " holds what is no longer a finite number");
  }
}

}  // namespace ffwd
