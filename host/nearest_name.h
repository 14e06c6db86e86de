// What a misspelt name was most likely meant to be.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ffwd {

// Insertions, deletions and replacements of one character that turn `a` into `b` (Levenshtein
// 1966).
std::size_t edit_distance(const std::string& a, const std::string& b);

// The first of the names that are nearest to `name`; empty when there are none.
std::string nearest_name(const std::string& name, const std::vector<std::string>& names);

}  // namespace ffwd
