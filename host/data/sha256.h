// SHA-256 of a block of memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ffwd {

// 64 lower-case hexadecimal digits.
std::string sha256(const std::vector<uint8_t>& content);

}  // namespace ffwd
