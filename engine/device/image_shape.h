// The size of an image.
#pragma once

#include <cstdint>

namespace ffwd {

struct ImageShape {
  int64_t height = 0, width = 0, channels = 0;

  int64_t pixels() const { return height * width; }
  int64_t values() const { return pixels() * channels; }
};

inline bool operator==(const ImageShape& a, const ImageShape& b) {
  return a.height == b.height && a.width == b.width && a.channels == b.channels;
}
inline bool operator!=(const ImageShape& a, const ImageShape& b) {
  return !(a == b);
}

}  // namespace ffwd
