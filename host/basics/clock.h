// Time that no adjustment of the calendar disturbs.
#pragma once

#include <chrono>

namespace ffwd {

// Seconds since some moment in the past, the same for the whole process.
inline double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace ffwd
