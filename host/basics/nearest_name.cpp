#include "host/basics/nearest_name.h"

#include <algorithm>
#include <numeric>

namespace ffwd {

std::size_t edit_distance(const std::string& a, const std::string& b) {
  // row[j]: the distance from the part of `a` read so far to the first j characters of `b`.
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t(0));
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i + 1;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string did_you_mean(const std::string& name, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(name, names);
  return nearest.empty() ? "" : ", did you mean " + nearest + "?";
}

std::string nearest_name(const std::string& name, const std::vector<std::string>& names) {
  const auto nearest =
      std::min_element(names.begin(), names.end(), [&](const auto& left, const auto& right) {
        return edit_distance(name, left) < edit_distance(name, right);
      });
  const bool near =
      nearest != names.end() && is_near(edit_distance(name, *nearest), nearest->size());
  return near ? *nearest : std::string();
}

}  // namespace ffwd
