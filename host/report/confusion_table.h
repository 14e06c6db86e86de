// Which class was taken for which, as HTML.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ffwd {

// A table coloured by count with the true class in rows, and a list of the most frequent mistakes.
// `classifier` says what chose the class, e.g. "the head".
// Empty without classes. Throws Error unless `counts` has a row and a column for each of
// `class_names`.
std::string confusion_table(const std::vector<std::vector<int64_t>>& counts,
                            const std::vector<std::string>& class_names,
                            const std::string& classifier);

}  // namespace ffwd
