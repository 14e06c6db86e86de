// Runs the threads of a grid as fibers, one block after the other, and holds what they wait for:
// barriers and warp operations. One operating system thread at a time may use it.
#pragma once

#include <vector_types.h>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace ffwd::simt {

// A place in a kernel. As a default argument, here() gives the caller's.
struct Place {
  const char* file;
  int line;
};
constexpr Place here(const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  return {file, line};
}

// Calls `kernel` once for every thread of the grid.
void run_grid(dim3 grid, dim3 block, const std::function<void()>& kernel);

// Where the running thread stands; threadIdx and its kin refer to these.
struct Coordinates {
  uint3 thread, block;
  dim3 block_size, grid_size;
};
extern Coordinates coordinates;

// Waits for all live threads of the block. How many of them came, and how many with a true
// predicate.
struct BarrierCount {
  int arrived, votes;
};
BarrierCount block_barrier(bool predicate, Place place);

// What a lane takes part in. Lanes meet if they ask for the same, from the same place.
struct WarpRequest {
  const char* operation;
  std::uint32_t mask;
  Place place;
  bool orders_memory = false;  // __syncwarp does; shuffles and votes do not
};

// The lanes that took part and what they brought. Those that did not have all bits set.
struct WarpValues {
  std::uint32_t lanes;
  std::uint64_t bits[32];
};

// Waits for all live lanes of the mask. The result is good until the thread's next warp operation.
const WarpValues& warp_exchange(const WarpRequest& request, std::uint64_t bits);

unsigned lane_index();
std::uint32_t live_lanes();

void memory_fence();

}  // namespace ffwd::simt
