// Tensors of files in memory.
#pragma once

#include "engine/files/safetensors.h"

namespace ffwd::test {

inline std::vector<LazyTensor> lazy(const std::vector<NamedTensor>& tensors) {
  std::vector<LazyTensor> made;
  for (const NamedTensor& t : tensors) {
    made.push_back({t.name, t.shape, [data = t.data] { return data; }});
  }
  return made;
}

inline std::vector<NamedTensor> with_data(const std::vector<LazyTensor>& tensors) {
  std::vector<NamedTensor> made;
  for (const LazyTensor& t : tensors) made.push_back({t.name, t.shape, t.data()});
  return made;
}

inline std::string safetensors_bytes(const std::vector<NamedTensor>& tensors,
                                     const std::map<std::string, std::string>& metadata) {
  std::string bytes;
  encode_safetensors(lazy(tensors), metadata, [&](std::string_view part) { bytes += part; });
  return bytes;
}

}  // namespace ffwd::test
