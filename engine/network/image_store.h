// The pixels of a data set, where a device can gather them. The CPU reads them where they are. On a
// GPU they are copied: to its own memory if they leave room there, else to page-locked memory of the
// host, which it reads over the bus. Plans gather on a lane of their own and some batches ahead, so
// that layers need not wait for the bus.
#pragma once

#include <vector>

#include "engine/device/device.h"

namespace ffwd {

class ImageStore {
 public:
  // Device and pixels must outlive the store.
  ImageStore(Device& device, const std::vector<uint8_t>& pixels);
  ImageStore(Device& device, std::vector<uint8_t>&& pixels) = delete;
  ~ImageStore();
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  const uint8_t* pixels() const { return pixels_; }

 private:
  Device* device_;
  const uint8_t* pixels_;
  void* on_device_ = nullptr;  // the copy, if there is one
  void* on_host_ = nullptr;    // the same
};

}  // namespace ffwd
