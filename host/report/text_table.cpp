#include "host/report/text_table.h"

#include "host/report/html_text.h"
#include "kernels/check.h"

namespace ffwd {
namespace {

void check(const TextTable& table) {
  for (const auto& row : table.rows) {
    FFWD_EXPECT(row.size() == table.header.size(), "a row needs as many cells as the header");
  }
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) {
    line += ' ';
    for (const char letter : cell) line += letter == '|' ? "\\|" : std::string(1, letter);
    line += " |";
  }
  return line + "\n";
}

std::string html_row(const std::vector<std::string>& cells, const std::string& tag) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) {
    row += "<" + tag + ">" + html_escape(cell) + "</" + tag + ">";
  }
  return row + "</tr>\n";
}

}  // namespace

std::string to_markdown(const TextTable& table) {
  check(table);
  std::string text = markdown_row(table.header);
  text += markdown_row(std::vector<std::string>(table.header.size(), "---"));
  for (const auto& row : table.rows) text += markdown_row(row);
  return text;
}

std::string to_html(const TextTable& table) {
  check(table);
  std::string html = "<div class=\"wide\"><table class=\"text\"><thead>\n" +
                     html_row(table.header, "th") + "</thead><tbody>\n";
  for (const auto& row : table.rows) html += html_row(row, "td");
  return html + "</tbody></table></div>\n";
}

}  // namespace ffwd
