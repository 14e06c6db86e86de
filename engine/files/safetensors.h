// Tensors as safetensors bytes: a length, a JSON header, then the numbers, little-endian and
// row-major.
//
// Format: bytes 0-7 hold the header's length N (unsigned, little-endian), bytes 8..8+N the header,
// the rest is data. The header maps each tensor's name to {"dtype", "shape", "data_offsets":
// [begin, end)}, with offsets counted from the first data byte, and "__metadata__" to strings. ffwd
// reads and writes dtype F32.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace ffwd {

// A tensor of a file.
struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;  // empty for a single number
  std::vector<float> data;     // row-major, as many as the product of the shape
};

// A tensor to be written, whose data are made when their turn comes: they need never all be in
// memory.
struct LazyTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::function<std::vector<float>()> data;
};

// Whether none of them is NaN or infinite.
bool all_finite(const std::vector<float>& data);

struct SafetensorsFile {
  std::vector<NamedTensor> tensors;  // in the order of their data
  std::map<std::string, std::string> metadata;

  // The tensor of that name, or nullptr.
  const NamedTensor* find(std::string_view name) const;
};

// Hands the bytes of a file that holds `tensors`, in the order given, to `write`, part after part.
// Throws Error when a shape does not match its data, or a name is not valid UTF-8, is reserved or
// occurs twice; then `write` may have got parts already.
void encode_safetensors(const std::vector<LazyTensor>& tensors,
                        const std::map<std::string, std::string>& metadata,
                        const std::function<void(std::string_view bytes)>& write);

// Reads such bytes and trusts none of them: what is not exactly as described above throws Error,
// which names `origin` (the file) and what is wrong. Data must follow the header without holes,
// overlap or a rest.
SafetensorsFile decode_safetensors(std::string_view bytes, const std::string& origin);

}  // namespace ffwd
