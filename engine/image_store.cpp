#include "engine/image_store.h"

#include <cstring>

namespace ffwd {

// Half of what is free is left to everything else.
ImageStore::ImageStore(Device& device, const std::vector<uint8_t>& pixels)
    : device_(&device), on_device_(int64_t(pixels.size()) <= device.free_memory() / 2) {
  if (pixels.empty()) return;
  const auto bytes = int64_t(pixels.size());
  if (on_device_) {
    data_ = device.allocate(bytes);
    device.upload(data_, pixels.data(), bytes);
  } else {
    data_ = device.allocate_host(bytes);
    std::memcpy(data_, pixels.data(), pixels.size());
  }
}

ImageStore::~ImageStore() {
  if (data_ == nullptr) return;
  on_device_ ? device_->release(data_) : device_->release_host(data_);
}

}  // namespace ffwd
