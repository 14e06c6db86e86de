#include "engine/network/image_store.h"

#include <cstring>

namespace ffwd {

// Half of what is free is left to everything else.
ImageStore::ImageStore(Device& device, const std::vector<uint8_t>& pixels)
    : device_(&device), pixels_(pixels.data()) {
  const auto bytes = int64_t(pixels.size());
  if (bytes == 0 || !device.queues()) return;
  if (bytes <= device.free_memory() / 2) {
    on_device_ = device.allocate(bytes);
    device.upload(on_device_, pixels.data(), bytes);
  } else {
    on_host_ = device.allocate_host(bytes);
    std::memcpy(on_host_, pixels.data(), pixels.size());
  }
  pixels_ = static_cast<const uint8_t*>(on_device_ ? on_device_ : on_host_);
}

ImageStore::~ImageStore() {
  if (on_device_) device_->release(on_device_);
  if (on_host_) device_->release_host(on_host_);
}

}  // namespace ffwd
