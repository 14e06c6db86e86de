// From scores to labels.
#pragma once

#include <cstdint>
#include <vector>

namespace ffwd {

// The label with the largest score of each image; scores (images, classes).
std::vector<int32_t> largest(const std::vector<float>& scores, int64_t classes);

}  // namespace ffwd
