#include "simt/device_memory.h"

#include <sanitizer/asan_interface.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>

#pragma weak __asan_poison_memory_region
#pragma weak __asan_unpoison_memory_region

namespace ffwd::simt {
namespace {

// Sizes by the complement of the address: a plain one would hide leaks from LeakSanitizer.
std::map<std::uintptr_t, std::size_t> sizes;

void* address_of(std::uintptr_t complement) {
  return reinterpret_cast<void*>(~complement);
}

void open(void* memory, std::size_t bytes) {
  if (__asan_unpoison_memory_region) __asan_unpoison_memory_region(memory, bytes);
}
void close(void* memory, std::size_t bytes) {
  if (__asan_poison_memory_region) __asan_poison_memory_region(memory, bytes);
}

}  // namespace

void* allocate_device_memory(std::size_t bytes) {
  void* memory = nullptr;
  if (posix_memalign(&memory, 256, bytes) != 0) return nullptr;
  std::memset(memory, 0xff, bytes);
  sizes[~reinterpret_cast<std::uintptr_t>(memory)] = bytes;
  close(memory, bytes);
  return memory;
}

void free_device_memory(void* memory) {
  const auto found = sizes.find(~reinterpret_cast<std::uintptr_t>(memory));
  if (found != sizes.end()) {
    open(memory, found->second);
    sizes.erase(found);
  }
  std::free(memory);
}

std::size_t device_bytes_taken() {
  std::size_t taken = 0;
  for (const auto& [complement, bytes] : sizes) taken += bytes;
  return taken;
}

DeviceAccess::DeviceAccess() {
  for (const auto& [complement, bytes] : sizes) open(address_of(complement), bytes);
}

DeviceAccess::~DeviceAccess() {
  for (const auto& [complement, bytes] : sizes) close(address_of(complement), bytes);
}

}  // namespace ffwd::simt
