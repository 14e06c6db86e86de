// Memory with one copy for each batch in flight; the step that learns from a batch selects its copy.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace ffwd {

template <typename T>
class Slots {
 public:
  // `count` copies, each made by `make`.
  template <typename Make>
  Slots(int64_t count, Make make) {
    for (int64_t i = 0; i < count; ++i) copies_.push_back(make());
  }

  T& operator[](int64_t step) { return copies_[size_t(step) % copies_.size()]; }
  const T& operator[](int64_t step) const { return copies_[size_t(step) % copies_.size()]; }

 private:
  std::vector<T> copies_;
};

}  // namespace ffwd
