// The text of a recipe as statements, before anyone asks what they mean: a strict subset of TOML.
//
//   # a comment                     up to the end of the line
//   [section]                       for the keys that follow
//   key = value                     or section.key = value, outside of any section
//
// A value is a bare word (500, 1e-3, true, relu), a "text" on one line that holds no " or \ and
// does not start with ', or an array of these, [a, b, c], over as many lines as it likes. All is
// UTF-8.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ffwd {

inline constexpr uint64_t kLargestRecipe = 1 << 20;  // bytes of a file

struct RecipeValue {
  std::string text;  // as it was written
  bool is_array = false;
  std::vector<std::string> items;  // without quotes; exactly one unless it is an array
};

struct RecipeStatement {
  std::string where;    // "recipe.toml:12" or "--set training.epochs=3"
  std::string section;  // empty at the top of a file
  std::string key;      // empty: this is the line that opens the section
  RecipeValue value;

  std::string name() const { return section.empty() ? key : section + "." + key; }
};

// All statements of a file, in order. Throws RecipeError for what is none.
std::vector<RecipeStatement> read_statements(const std::string& text, const std::string& origin);

// An override from the command line, "section.key=value". Text needs no quotes here.
RecipeStatement read_override(const std::string& text);

// `text` as a value in quotes. Throws RecipeError if it holds what a text cannot hold.
std::string write_text(const std::string& text);

// `text` in quotes and on one line, for messages; a long one is cut.
std::string quoted(const std::string& text);

}  // namespace ffwd
