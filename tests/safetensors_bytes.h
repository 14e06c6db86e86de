// A safetensors file in memory.
#pragma once

#include "engine/safetensors.h"

namespace ffwd::test {

inline std::string safetensors_bytes(const std::vector<NamedTensor>& tensors,
                                     const std::map<std::string, std::string>& metadata) {
  std::string bytes;
  encode_safetensors(tensors, metadata, [&](std::string_view part) { bytes += part; });
  return bytes;
}

}  // namespace ffwd::test
