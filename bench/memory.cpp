#include "bench/memory.h"

#include <malloc.h>

#include <fstream>

namespace ffwd::bench {

int64_t memory_in_use(const Device& device) {
  if (device.queues()) return -device.free_memory();
  malloc_trim(0);  // what was freed is not in use
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    int64_t kibibytes = 0;
    if (word == "VmRSS:" && status >> kibibytes) return kibibytes << 10;
  }
  return 0;
}

int64_t memory_yardstick(const PlanShape& shape) {
  int64_t bytes = shape.batch * shape.image.values();
  for (const LayerShape& layer : shape.layers) {
    bytes +=
        layer.units * (layer.inputs + 1) * int64_t(sizeof(float)) * (1 + shape.optimiser_states);
    bytes += 2 * shape.rows() * layer.pixels() * layer.units * shape.activation_bytes;
  }
  return bytes;
}

}  // namespace ffwd::bench
