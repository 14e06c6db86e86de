// What a misspelt name was most likely meant to be.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ffwd {

// Insertions, deletions and replacements of one character that turn `a` into `b` (Levenshtein
// 1966).
std::size_t edit_distance(const std::string& a, const std::string& b);

// Whether a name of `length` characters may be meant by one at this distance: what has hardly a
// letter of it is another word.
inline bool is_near(std::size_t distance, std::size_t length) {
  return distance <= length / 2;
}

// The first of the names that are nearest to `name`; empty when none is near.
std::string nearest_name(const std::string& name, const std::vector<std::string>& names);

// ", did you mean relu?", or nothing.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& names);

}  // namespace ffwd
