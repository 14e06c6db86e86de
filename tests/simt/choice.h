// Inside the harness: choices that the schedule makes.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace ffwd::simt {

// One of `count` candidates, the oldest being 0.
std::size_t choose(std::size_t count);

bool is_lazy();

// Candidates, oldest first, of which the schedule takes one after the other.
template <typename T>
class Candidates {
 public:
  bool empty() const { return head_ == items_.size(); }
  void add(T item) { items_.push_back(item); }

  T take() {
    const std::size_t pick = head_ + choose(items_.size() - head_);
    if (pick == head_) {
      const T item = items_[head_++];
      if (empty()) {
        items_.clear();
        head_ = 0;
      }
      return item;
    }
    std::swap(items_[pick], items_.back());
    const T item = items_.back();
    items_.pop_back();
    return item;
  }

 private:
  std::vector<T> items_;
  std::size_t head_ = 0;
};

}  // namespace ffwd::simt
