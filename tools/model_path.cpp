#include "tools/model_path.h"

#include <filesystem>

#include "host/runs/run_folder.h"

namespace ffwd {

std::string model_path(const std::string& run_or_model) {
  std::error_code no_such_path;
  if (std::filesystem::is_directory(run_or_model, no_such_path))
    return run_or_model + "/" + kModelFile;
  return run_or_model;
}

}  // namespace ffwd
