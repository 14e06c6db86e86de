// Lanes as threads, for a device whose operations work at once.
#pragma once

#include "host/plan/executor.h"

namespace ffwd {

// The threads of OpenMP are shared out among the lanes, one at least each. Results are those of
// playing serially with as many.
std::unique_ptr<Executor> make_thread_executor(Device& device);

}  // namespace ffwd
