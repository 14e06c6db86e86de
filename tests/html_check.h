// Checks of HTML text for tests.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <vector>

#include "tests/text_check.h"

namespace ffwd::test {

// Whether the & at `at` begins one of XML's own entities.
inline bool entity_at(const std::string& text, size_t at) {
  for (const char* entity : {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"}) {
    if (text.compare(at, std::string(entity).size(), entity) == 0) return true;
  }
  return false;
}

// Reads a page as strictly as an XML parser: every tag is closed in order, every attribute is
// quoted, < and & are escaped. Returns the first fault, or an empty string.
inline std::string html_fault(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = html.find("<html"); at < html.size(); ++at) {
    if (html[at] == '&' && !entity_at(html, at)) return "a bare &: " + html.substr(at, 40);
    if (html[at] != '<') continue;

    // The tag without what its quotes hold: <a href="">
    std::string tag;
    bool quoted = false;
    for (; at < html.size() && (quoted || html[at] != '>'); ++at) {
      if (quoted && html[at] == '<') return "a < in quotes: " + tag;
      if (html[at] == '&' && !entity_at(html, at)) return "a bare & in " + tag;
      if (html[at] == '"') quoted = !quoted;
      if (!quoted || html[at] == '"') tag += html[at];
    }
    if (at == html.size()) return "an unfinished tag: " + tag.substr(0, 60);

    const bool closes = tag[1] == '/', alone = tag.back() == '/';
    const size_t name_begin = closes ? 2 : 1;
    const size_t name_end = std::min(tag.find_first_of(" /", name_begin), tag.size());
    const std::string name = tag.substr(name_begin, name_end - name_begin);
    if (name.empty() || !std::isalpha(static_cast<unsigned char>(name[0]))) return "a bare <";
    if (occurrences(tag, "=") != occurrences(tag, "=\"\"")) return "no quotes in " + tag;
    if (closes && (open.empty() || open.back() != name)) return "unexpected " + tag;
    if (closes) open.pop_back();
    if (!closes && !alone) open.push_back(name);
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

}  // namespace ffwd::test
