// What this program was built from.
#pragma once

#include <string>

namespace ffwd {

std::string build_version();  // as "0.1.0"
// As "94ab607c2a51", "94ab607c2a51-dirty" if files differed from it, or "unknown" without Git.
std::string build_commit();

}  // namespace ffwd
