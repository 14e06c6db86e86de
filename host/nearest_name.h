// What somebody may have meant by a name that does not exist.
#pragma once

#include <string>
#include <vector>

namespace ffwd {

// The one of `names` that takes the fewest insertions, deletions and replacements of characters to
// turn into `name`; empty if each takes more than half of its own length.
std::string nearest_name(const std::string& name, const std::vector<std::string>& names);

}  // namespace ffwd
