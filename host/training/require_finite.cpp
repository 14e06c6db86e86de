#include "host/training/require_finite.h"

#include <algorithm>
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

void require_finite(const std::vector<NamedTensor>& tensors) {
  for (const NamedTensor& tensor : tensors) {
    if (std::all_of(tensor.data.begin(), tensor.data.end(),
                    [](float value) { return std::isfinite(value); })) {
      continue;
    }
    diverged(tensor.name + " holds what is no longer a finite number");
  }
}

}  // namespace ffwd
