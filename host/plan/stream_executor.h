// Lanes as streams of a device that queues work; on request as a graph.
#pragma once

#include "host/plan/executor.h"

namespace ffwd {

std::unique_ptr<Executor> make_stream_executor(Device& device, bool graph);

}  // namespace ffwd
