// The pixels of a data set, where a device can gather them: in its own memory if they leave room
// there, else in page-locked memory of the host, which it reads over the bus. Plans gather on a
// lane of their own and some batches ahead, so that layers need not wait for the bus.
#pragma once

#include <vector>

#include "engine/device.h"

namespace ffwd {

class ImageStore {
 public:
  // Copies the pixels. The device must outlive the store.
  ImageStore(Device& device, const std::vector<uint8_t>& pixels);
  ~ImageStore();
  ImageStore(const ImageStore&) = delete;
  ImageStore& operator=(const ImageStore&) = delete;

  const uint8_t* pixels() const { return static_cast<const uint8_t*>(data_); }

 private:
  Device* device_;
  bool on_device_;
  void* data_ = nullptr;
};

}  // namespace ffwd
