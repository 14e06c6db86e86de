// The harness's side of a kernel launch.
#pragma once

#include <driver_types.h>

#include <functional>
#include <tuple>
#include <utility>

namespace ffwd::simt {

// Queues the grid on config.stream, or says why a device would refuse it.
cudaError_t submit_grid(const cudaLaunchConfig_t& config, std::function<void()> body);

// Takes what cudaLaunchKernelEx takes. The arguments are converted to the kernel's parameters and
// copied now.
template <typename... Params, typename... Args>
cudaError_t launch(const cudaLaunchConfig_t& config, void (*kernel)(Params...), Args&&... args) {
  std::tuple<Params...> values(std::forward<Args>(args)...);
  return submit_grid(config, [kernel, values] { std::apply(kernel, values); });
}

}  // namespace ffwd::simt
