// Which device computes, and how.
#pragma once

#include <memory>
#include <string>

#include "engine/device/device.h"

namespace ffwd {

struct DeviceOptions {
  std::string device = "auto";
  Precision precision = Precision::fp32;
  std::string matmul_algorithms;  // file; empty: the first that launches
};

// Whether this device is a GPU; "auto" is one if it can be used. Throws UserError (device) if it
// cannot be had, saying why.
bool is_gpu(const std::string& device);

// The device asked for. Throws UserError (device) if it cannot be had, or not with these
// options, and FileError for the file of algorithms.
std::unique_ptr<Device> open_device(const DeviceOptions& options);

}  // namespace ffwd
