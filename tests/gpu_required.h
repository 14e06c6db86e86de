// Whether a test that finds no GPU fails (FFWD_REQUIRE_GPU=1) or is skipped.
#pragma once

#include <cstdlib>
#include <string>

namespace ffwd::test {

inline bool gpu_required() {
  const char* value = std::getenv("FFWD_REQUIRE_GPU");
  return value && std::string(value) == "1";
}

}  // namespace ffwd::test
