// What reports say about where they were measured.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/device/open_device.h"

namespace ffwd::bench {

// The commit, the number of threads, the processor, and the versions of libraries and drivers. No
// name of a host.
nlohmann::ordered_json describe_machine();

// The same, and the device with the options that it was opened with.
nlohmann::ordered_json describe_machine(const Device& device, const DeviceOptions& options);

}  // namespace ffwd::bench
