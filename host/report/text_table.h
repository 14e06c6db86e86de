// A table of short texts, as Markdown and as HTML.
#pragma once

#include <string>
#include <vector>

namespace ffwd {

struct TextTable {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;  // as many cells as the header
};

// Both throw Error if a row has another number of cells than the header. A | in a cell is escaped.
std::string to_markdown(const TextTable& table);
std::string to_html(const TextTable& table);

}  // namespace ffwd
