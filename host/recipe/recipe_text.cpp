#include "host/recipe/recipe_text.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <sstream>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

constexpr std::size_t kLongestQuote = 60;
constexpr char kBlanks[] = " \t";
constexpr char kNameLetters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

[[noreturn]] void syntax_error(const std::string& where, const std::string& what) {
  throw RecipeError(where + ": " + what);
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

// The bytes that the character starting with `first` has in UTF-8; 0 where none can start.
std::size_t utf8_length(unsigned char first) {
  if (first < 0x80) return 1;
  if (first < 0xC2) return 0;
  if (first < 0xE0) return 2;
  if (first < 0xF0) return 3;
  return first < 0xF5 ? 4 : 0;
}

bool is_utf8(const std::string& text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto first = static_cast<unsigned char>(text[i]);
    const std::size_t length = utf8_length(first);
    if (length == 0 || length > text.size() - i) return false;
    for (std::size_t k = 1; k < length; ++k) {
      if (!is_continuation(text[i + k])) return false;
    }
    if (length >= 3) {  // no long way round, no surrogate, nothing beyond U+10FFFF
      const auto second = static_cast<unsigned char>(text[i + 1]);
      if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return false;
      if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return false;
    }
    i += length;
  }
  return true;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t') || byte == 0x7F;
}

bool is_line(const std::string& text) {
  return is_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

std::string shortened(const std::string& text) {
  std::size_t length = std::min(text.size(), kLongestQuote);
  while (length < text.size() && length > 0 && is_continuation(text[length])) --length;
  std::string shown = text.substr(0, length) + (length < text.size() ? "..." : "");
  std::replace_if(shown.begin(), shown.end(), is_control, '?');
  return shown;
}

// name, or name.name
bool is_path(const std::string& path) {
  std::size_t start = 0;
  for (;;) {
    const std::size_t end = path.find_first_not_of(kNameLetters, start);
    if (end == start || start == path.size()) return false;
    if (end == std::string::npos) return true;
    if (path[end] != '.') return false;
    start = end + 1;
  }
}

bool is_value(const std::string& value) {
  if (value.empty() || value.find('\\') != std::string::npos) return false;
  if (value[0] == '"') return value.find('"', 1) == value.size() - 1 && value[1] != '\'';
  if (value[0] == '[') return value.find_first_of("]'`") == value.size() - 1;
  return value.find_first_of(" \t\"'`,[]=") == std::string::npos;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return "";
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

// The items of an array's `inside`: texts without their quotes, words as they are. Nothing if they
// have no comma between them.
std::optional<std::vector<std::string>> items_of(const std::string& inside) {
  std::vector<std::string> items;
  for (std::size_t at = 0;;) {
    at = inside.find_first_not_of(kBlanks, at);
    if (at == std::string::npos) return items;
    std::size_t end = inside.find(',', at);
    if (inside[at] == '"') {
      const std::size_t closing = inside.find('"', at + 1);
      items.push_back(inside.substr(at + 1, closing - at - 1));
      end = inside.find_first_not_of(kBlanks, closing + 1);
    } else {
      items.push_back(trimmed(inside.substr(at, end - at)));
      if (items.back().empty() || items.back().find('"') != std::string::npos) return {};
    }
    if (end == std::string::npos) return items;
    if (inside[end] != ',') return {};
    at = end + 1;
  }
}

// What a value consists of: one item, or those of an array. Nothing if it is no value.
std::optional<std::vector<std::string>> parts_of(const std::string& value) {
  if (!is_value(value)) return {};
  const std::string inside = value.substr(1, value.size() - 2);
  if (value[0] == '[') return items_of(inside);
  return std::vector<std::string>{value[0] == '"' ? inside : value};
}

// `text` is the statement alone: no comment, no line break.
RecipeStatement read_assignment(const std::string& where, const std::string& section,
                                const std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name = trimmed(text.substr(0, equals));
  if (equals == std::string::npos || !is_path(name)) {
    syntax_error(where, "found " + quoted(text) + ", expected [section] or key = value");
  }
  const std::string value = trimmed(text.substr(equals + 1));
  const std::string full_name = section.empty() ? name : section + "." + name;
  const auto parts = parts_of(value);
  if (!parts) {
    syntax_error(where, full_name + " is " + quoted(value) +
                            ", expected a word or number, \"text\" in one pair of quotes without"
                            " \\ in it, or an array [a, b, c]");
  }
  const std::size_t dot = full_name.rfind('.');
  RecipeStatement statement;
  statement.where = where;
  statement.section = dot == std::string::npos ? "" : full_name.substr(0, dot);
  statement.key = full_name.substr(dot + 1);  // npos + 1 is 0
  statement.value = {value, value[0] == '[', *parts};
  return statement;
}

RecipeStatement read_statement(const std::string& where, const std::string& section,
                               const std::string& text) {
  if (text[0] != '[') return read_assignment(where, section, text);
  const std::string name = trimmed(text.substr(1, text.size() - 2));
  if (text.back() != ']' || !is_path(name)) {
    syntax_error(where, "found " + quoted(text) + ", expected [section]");
  }
  RecipeStatement opening;
  opening.where = where;
  opening.section = name;
  return opening;
}

}  // namespace

std::vector<RecipeStatement> read_statements(const std::string& text, const std::string& origin) {
  if (!is_utf8(text)) syntax_error(origin, "the file is not UTF-8, expected a text file");
  const std::string byte_order_mark = "\xEF\xBB\xBF";
  const bool marked = text.compare(0, byte_order_mark.size(), byte_order_mark) == 0;
  std::istringstream input(marked ? text.substr(byte_order_mark.size()) : text);

  std::vector<RecipeStatement> statements;
  std::string section, statement, line, where;
  bool in_array = false;
  for (int64_t number = 1; std::getline(input, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    const std::string here = origin + ":" + std::to_string(number);
    if (!in_array) where = here;  // an error in an array is reported where the array starts
    bool in_text = false;
    for (const char c : line) {
      if (is_control(c)) syntax_error(here, "a control character, expected a text file");
      if (c == '#' && !in_text) break;
      if (c == '"') in_text = !in_text;
      if (c == '[' && !in_text) {
        if (in_array) syntax_error(here, "a [ inside of [ ], expected no arrays in arrays");
        in_array = true;
      }
      if (c == ']' && !in_text) in_array = false;
      statement += c;
    }
    if (in_text) syntax_error(here, "an open quote, expected \" at the end of the text");
    if (in_array) {
      if (trimmed(statement)[0] == '[') syntax_error(here, "an open [, expected [section]");
      statement += ' ';
      continue;
    }
    statement = trimmed(statement);
    if (statement.empty()) continue;
    statements.push_back(read_statement(where, section, statement));
    if (statements.back().key.empty()) section = statements.back().section;
    statement.clear();
  }
  if (in_array) syntax_error(where, "an open [, expected a ] before the end of the file");
  return statements;
}

RecipeStatement read_override(const std::string& text) {
  const std::string where = "--set " + shortened(text);
  const std::size_t equals = text.find('=');
  const bool is_name = is_path(trimmed(text.substr(0, equals)));
  if (equals == std::string::npos || !is_name || !is_line(text)) {
    syntax_error(where, "expected section.key=value, as in training.epochs=20");
  }
  const std::string value = trimmed(text.substr(equals + 1));
  const bool is_plain = value.empty() || (value[0] != '"' && value[0] != '[');
  const std::string name = text.substr(0, equals + 1);
  return read_assignment(where, "", is_plain ? name + '"' + value + '"' : name + value);
}

std::string write_text(const std::string& text) {
  const std::string value = '"' + text + '"';
  if (is_value(value) && is_line(text)) return value;
  throw RecipeError("the text " + quoted(text) +
                    " does not fit into a recipe, expected one line of UTF-8 without \" or \\ that"
                    " does not start with '");
}

std::string quoted(const std::string& text) {
  const bool has_quotes = text.find('"') != std::string::npos;
  return has_quotes ? shortened(text) : '"' + shortened(text) + '"';
}

}  // namespace ffwd
