// Memory of the device: of exactly the size asked for, and filled with 0xFF, a NaN in every type,
// so that the use of unwritten memory shows. Under AddressSanitizer only queued work may touch it:
// host code that follows a device pointer, which a GPU would punish, is stopped.
#pragma once

#include <cstddef>

namespace ffwd::simt {

// Null if there is no memory.
void* allocate_device_memory(std::size_t bytes);
void free_device_memory(void* memory);
std::size_t device_bytes_taken();

// While one of these lives, device memory may be touched.
class DeviceAccess {
 public:
  DeviceAccess();
  DeviceAccess(const DeviceAccess&) = delete;
  ~DeviceAccess();
};

}  // namespace ffwd::simt
