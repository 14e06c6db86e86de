#include "engine/largest.h"

#include <algorithm>

namespace ffwd {

std::vector<int32_t> largest(const std::vector<float>& scores, int64_t classes) {
  std::vector<int32_t> label;
  for (auto row = scores.begin(); row != scores.end(); row += classes) {
    label.push_back(int32_t(std::max_element(row, row + classes) - row));
  }
  return label;
}

}  // namespace ffwd
