// The names of an enum's values, for options, files and people: one table, beside the enum.
//
//   inline constexpr Named<Colour> kColours[] = {{"red", Colour::red}, {"blue", Colour::blue}};
//
// A vector of Named is a table too.
#pragma once

#include <string>
#include <vector>

#include "kernels/check.h"

namespace ffwd {

template <typename T>
struct Named {
  const char* name;
  T value;
};

// Throws ffwd::Error for a value that the table lacks.
template <typename Table, typename T>
const char* name_of(const Table& table, const T& value) {
  for (const Named<T>& entry : table) {
    if (entry.value == value) return entry.name;
  }
  fail(__FILE__, __LINE__, "a value without a name");
}

// False where nothing has this name; `value` stays as it is then.
template <typename Table, typename T>
bool read_name(const Table& table, const std::string& name, T& value) {
  for (const Named<T>& entry : table) {
    if (entry.name == name) return value = entry.value, true;
  }
  return false;
}

template <typename Table>
std::vector<std::string> names(const Table& table) {
  std::vector<std::string> all;
  for (const auto& entry : table) all.push_back(entry.name);
  return all;
}

}  // namespace ffwd
