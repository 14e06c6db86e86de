#include <filesystem>

#include "tools/commands.h"

namespace ffwd {

std::string model_path(const std::string& run_or_model) {
  if (std::filesystem::is_directory(run_or_model)) return run_or_model + "/model.safetensors";
  return run_or_model;
}

}  // namespace ffwd
