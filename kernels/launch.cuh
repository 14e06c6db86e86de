// The only place that launches kernels. Every launch is checked.
#pragma once

#include "kernels/check_cuda.h"
#include "kernels/device.cuh"
#include "kernels/stream.h"

namespace ffwd {

// Queues kernel<<<grid, block, 0, stream>>>(args...). An empty grid launches nothing.
template <typename... Params, typename... Args>
void launch(void (*kernel)(Params...), dim3 grid, dim3 block, Stream stream, Args&&... args) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.stream = stream.handle;
#ifdef __CUDACC__
  FFWD_CHECK_CUDA(cudaLaunchKernelEx(&config, kernel, std::forward<Args>(args)...));
#else
  FFWD_CHECK_CUDA(simt::launch(config, kernel, std::forward<Args>(args)...));
#endif
}

// Blocks of `per_block` items that cover `items`, as a grid dimension; throws if a grid cannot be
// so large.
inline unsigned blocks_for(int64_t items, int64_t per_block) {
  const int64_t blocks = (items + per_block - 1) / per_block;
  FFWD_EXPECT(blocks <= 0x7fffffff, "the problem is too large for one grid");
  return unsigned(blocks);
}

}  // namespace ffwd
