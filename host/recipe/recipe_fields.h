// The table of all keys of a recipe: what the reader, the writer, the reference and the messages go
// by.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "host/recipe/recipe.h"
#include "host/recipe/recipe_text.h"

namespace ffwd {

struct RecipeField {
  std::string section, key, meaning;
  std::string expected;                                   // as in "an integer from 1 to 10"
  std::vector<std::string> words;                         // those that it takes, if it takes words
  std::function<bool(const RecipeValue&, Recipe&)> read;  // false: not what was expected
  std::function<std::string(const Recipe&)> write;

  std::string name() const { return section.empty() ? key : section + "." + key; }
};

// In the order of the structs in host/recipe/recipe.h.
const std::vector<RecipeField>& recipe_fields();

// The key of this name, "section.key"; null: there is none.
const RecipeField* find_field(const std::string& name);

}  // namespace ffwd
