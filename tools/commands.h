// The commands of `ffwd`: each adds its options to the command line and what to do when it is chosen.
#pragma once

#include <CLI/CLI.hpp>

#include <memory>
#include <string>

#include "engine/device.h"

namespace ffwd {

void add_train(CLI::App& app);
void add_eval(CLI::App& app);
void add_predict(CLI::App& app);
void add_data(CLI::App& app);
void add_doctor(CLI::App& app);
void add_report(CLI::App& app);

// --device and --precision, which several commands have.
struct DeviceOptions {
  std::string device = "auto", precision = "fp32";
};
void add_device_options(CLI::App& command, DeviceOptions& options);

// The device asked for; "auto" is a GPU if one can be used, else the CPU. Throws UserError (device) if it cannot
// be had, saying why.
std::unique_ptr<Device> open_device(const DeviceOptions& options);

// model.safetensors in a run folder, or the path itself if it is a file.
std::string model_path(const std::string& run_or_model);

}  // namespace ffwd
