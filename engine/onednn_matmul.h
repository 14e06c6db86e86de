// Matmul on the CPU by oneDNN's sgemm. fp32 only.
#pragma once

#include <string>

#include "engine/matmul.h"

namespace ffwd {

void onednn_matmul(const Matmul& args);

// For people: library, version and the instruction set in use.
std::string onednn_description();

}  // namespace ffwd
