// Options that several commands have.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "host/device/open_device.h"
#include "host/recipe/recipe_kinds.h"

namespace ffwd {

// What is wrong with a number that the command line says, or nothing; CLI11's own checks take NaN.
std::string check_number(const Number& kind, const std::string& text);

void add_precision(CLI::App& command, Precision& precision);
void add_matmul_algorithms(CLI::App& command, std::string& file);
// Both, and --device.
void add_device_options(CLI::App& command, DeviceOptions& options);

void add_data_dir(CLI::App& command, std::string& data_dir);

// The recipe's file, and values to replace in it.
void add_recipe(CLI::App& command, std::string& recipe, std::vector<std::string>& set);

// The check of an option that takes what this key of a recipe takes.
CLI::Validator takes_key(const std::string& key);

// As training.schedule; empty if absent.
void add_schedule(CLI::App& command, std::string& schedule);

void add_save_every(CLI::App& command, double& seconds);

}  // namespace ffwd
