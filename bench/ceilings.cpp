#include "bench/ceilings.h"

namespace ffwd::bench {

int64_t large_copy_bytes(const Device& device) {
  constexpr int64_t kMiB = int64_t(1) << 20;
  return (device.queues() ? 1024 : 128) * kMiB;
}

std::function<void()> make_copy(Stopwatch& stopwatch, Operands& memory, int64_t bytes) {
  const void* const from = memory.memory(bytes, DType::f32, Fill::centred);
  void* const to = memory.memory(bytes, DType::f32, Fill::zero);
  return [&stopwatch, from, to, bytes] { stopwatch.copy(to, from, bytes); };
}

Matmul forward_matmul(Operands& memory, int64_t rows, int64_t inputs, int64_t units, DType dtype) {
  return forward_product(memory.matrix(rows, inputs, dtype, Fill::centred),
                         memory.matrix(units, inputs, dtype, Fill::centred),
                         memory.matrix(rows, units, dtype, Fill::zero));
}

}  // namespace ffwd::bench
