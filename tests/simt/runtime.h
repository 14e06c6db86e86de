// Inside the harness: how libraries that stand on the runtime reach its streams. One operating
// system thread at a time may use the runtime.
#pragma once

#include <driver_types.h>

#include <functional>

#include "simt/queue.h"

namespace ffwd::simt {

Queue& queue_of(cudaStream_t stream);

// Queues what stands for a kernel.
void queue_kernel(cudaStream_t stream, std::function<void()> work);

// The same, of what uses a workspace: in two operations, so that another stream with the same one
// can come between them, which ends the program.
void queue_with_workspace(cudaStream_t stream, void* workspace, std::size_t bytes,
                          std::function<void()> work);

// Remembers the error for cudaGetLastError, and returns it.
cudaError_t result(cudaError_t status);

// What a call that waits or allocates answers while a stream captures, which it ruins; cudaSuccess
// while none does.
cudaError_t refusal_while_capturing();

}  // namespace ffwd::simt
