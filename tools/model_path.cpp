#include <filesystem>

#include "tools/commands.h"

namespace ffwd {

std::string model_path(const std::string& run_or_model) {
  std::error_code no_such_path;
  if (std::filesystem::is_directory(run_or_model, no_such_path))
    return run_or_model + "/model.safetensors";
  return run_or_model;
}

}  // namespace ffwd
