// Errors of the kernels and the engine: exceptions that carry file, line and the failed condition.
#pragma once

#include <stdexcept>
#include <string>

namespace ffwd {

// A broken contract or a failed library call.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A request for memory that the device or the host cannot meet.
struct OutOfMemory : Error {
  using Error::Error;
};

[[noreturn]] inline void fail(const char* file, int line, const std::string& what) {
  throw Error(std::string(file) + ":" + std::to_string(line) + ": " + what);
}

}  // namespace ffwd

// Throws ffwd::Error unless `condition` holds. `message` says what the caller must do.
#define FFWD_EXPECT(condition, message)                                                         \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      ::ffwd::fail(__FILE__, __LINE__, std::string(message) + " (" #condition " is not true)"); \
    }                                                                                           \
  } while (false)
