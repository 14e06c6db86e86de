// What work is compared with: a large copy and a matmul.
#pragma once

#include "bench/operands.h"
#include "bench/stopwatch.h"

namespace ffwd::bench {

// Far more than the caches hold.
int64_t large_copy_bytes(const Device& device);

// Copies `bytes` that are random. The stopwatch must outlive it.
std::function<void()> make_copy(Stopwatch& stopwatch, Operands& memory, int64_t bytes);

// What a fully connected layer multiplies: (rows, inputs) by weights (units, inputs), transposed.
Matmul forward_matmul(Operands& memory, int64_t rows, int64_t inputs, int64_t units, DType dtype);

}  // namespace ffwd::bench
