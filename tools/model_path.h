// Where a command's model is.
#pragma once

#include <string>

namespace ffwd {

// model.safetensors in a run folder, or the path itself if it is a file.
std::string model_path(const std::string& run_or_model);

}  // namespace ffwd
