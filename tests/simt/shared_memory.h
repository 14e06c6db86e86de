// The shared memory of the block that runs. All of it is filled with 0xFF before the block starts:
// a NaN in every floating-point type and -1 in integers, so that a read of what was never written
// shows in the result.
#pragma once

#include <cstddef>

namespace ffwd::simt {

void begin_shared_memory();
void end_shared_memory();

// `bytes` of shared memory that belong to `key`, made by the first thread of the block that asks.
void* shared_array(const void* key, std::size_t bytes);

}  // namespace ffwd::simt
