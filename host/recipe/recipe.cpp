#include "host/recipe/recipe.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/basics/nearest_name.h"
#include "host/data/data_catalog.h"
#include "host/recipe/recipe_fields.h"
#include "host/recipe/recipe_network.h"
#include "host/recipe/recipe_text.h"

namespace ffwd {
namespace {

constexpr const char* kBase = "base";
constexpr int kMostBases = 8;
constexpr const char* kAllKeys = "; ffwd train --help has them all";

void check_section(const RecipeStatement& opening) {
  std::vector<std::string> sections;
  for (const RecipeField& field : recipe_fields()) {
    if (field.section == opening.section) return;
    if (!field.section.empty()) sections.push_back("[" + field.section + "]");
  }
  const std::string found = "[" + opening.section + "]", near = did_you_mean(found, sections);
  throw RecipeError(opening.where + ": unknown section " + found +
                    (near.empty() ? kAllKeys : near));
}

// The key in another section is as near as a key with one wrong letter.
[[noreturn]] void unknown_key(const RecipeStatement& statement) {
  if (statement.name() == kBase) {
    throw RecipeError(statement.where +
                      ": base stands here, expected as a recipe file's first line");
  }
  const auto distance = [&](const RecipeField& field) {
    return edit_distance(statement.key, field.key) + (statement.section == field.section ? 0 : 1);
  };
  const auto& fields = recipe_fields();
  const auto nearest = std::min_element(
      fields.begin(), fields.end(),
      [&](const auto& left, const auto& right) { return distance(left) < distance(right); });
  throw RecipeError(statement.where + ": unknown key " + statement.name() +
                    (is_near(distance(*nearest), nearest->key.size())
                         ? ", did you mean " + nearest->name() + "?"
                         : kAllKeys));
}

void apply(const RecipeStatement& statement, Recipe& recipe) {
  const RecipeField* field = find_field(statement.name());
  if (field == nullptr) unknown_key(statement);
  if (field->read(statement.value, recipe)) return;
  std::string message = statement.where + ": " + field->name() + " is " +
                        quoted(statement.value.text) + ", expected " + field->expected;
  if (!statement.value.is_array) {
    message += did_you_mean(statement.value.items.at(0), field->words);
  }
  throw RecipeError(message);
}

// What no single key can tell.
void check_consistency(const Recipe& recipe, const std::string& origin) {
  const auto require = [&](bool holds, const std::string& message) {
    if (!holds) throw RecipeError(origin + ": " + message);
  };
  const auto& specs = recipe.network.layers;
  const auto layers = std::size_t(learning_layers(recipe));
  const std::size_t thresholds = recipe.objective.threshold.size();
  require(thresholds <= 1 || thresholds == layers,
          "objective.threshold has " + std::to_string(thresholds) + " values, expected 1 or " +
              std::to_string(layers) + ", one for each layer of network.layers that learns");

  require(
      recipe.negatives.labels != Negatives::head || recipe.network.head,
      "negatives.labels is \"head\" while network.head is false, expected \"fixed\", \"random\","
      " or a head");

  require(
      recipe.negatives.labels != Negatives::head || recipe.training.schedule != Schedule::greedy,
      "negatives.labels is \"head\" while training.schedule is \"greedy\", in which the head"
      " learns last, expected \"fixed\" or \"random\"");

  require(recipe.negatives.lag == 0 || recipe.negatives.labels == Negatives::head,
          "negatives.lag is " + std::to_string(recipe.negatives.lag) +
              " while negatives.labels is not \"head\", expected 0");

  require(recipe.data.label_place == LabelPlace::pixels ||
              specs[0].kind == LayerSpec::Kind::convolution,
          "data.label_place is \"waves\" while network.layers does not start with a convolution,"
          " expected \"pixels\"");

  const bool backprop = recipe.training.algorithm == Algorithm::backprop;
  require(!backprop || recipe.network.normalise == NormKind::none,
          "network.normalise is not \"none\" while training.algorithm is \"backprop\", which"
          " normalises nothing");
  require(!backprop || recipe.network.head,
          "network.head is false while training.algorithm is \"backprop\", expected true, for"
          " there is nothing else to learn from");

  require(!backprop || recipe.training.schedule == Schedule::simultaneous,
          "training.schedule is not \"simultaneous\" while training.algorithm is \"backprop\", in"
          " which no layer learns by itself");

  require(!backprop || std::all_of(specs.begin(), specs.end(),
                                   [](const LayerSpec& layer) {
                                     return layer.kind == LayerSpec::Kind::dense;
                                   }),
          "network.layers has more than numbers of units while training.algorithm is \"backprop\","
          " which trains fully connected layers only");

  require(backprop || layers > 1 || !recipe.training.skip_first_layer,
          "training.skip_first_layer is true while network.layers has a single layer, expected"
          " false, or nothing is left to classify with");
}

// `before_key` writes what stands above a key.
template <typename BeforeKey>
std::string write_fields(const Recipe& recipe, BeforeKey before_key) {
  std::string text, section;
  for (const RecipeField& field : recipe_fields()) {
    if (field.section != section) text += "\n[" + field.section + "]\n";
    section = field.section;
    text += before_key(field) + field.key + " = " + field.write(recipe) + "\n";
  }
  return text;
}

void apply_all(const std::vector<RecipeStatement>& statements, Recipe& recipe) {
  std::map<std::string, std::string> given;  // key -> where
  for (const RecipeStatement& statement : statements) {
    if (statement.key.empty()) {
      check_section(statement);
      continue;
    }
    apply(statement, recipe);
    const auto [first, is_new] = given.emplace(statement.name(), statement.where);
    if (!is_new) {
      throw RecipeError(statement.where + ": " + statement.name() + " is given again after " +
                        first->second + ", expected it once");
    }
  }
}

// Where a recipe comes from, with what replaces its values.
std::string with_overrides(const std::string& origin, const std::vector<std::string>& overrides) {
  std::string whole = origin;
  for (const std::string& item : overrides) whole += " " + read_override(item).where;
  return whole;
}

Recipe finish(Recipe recipe, const std::string& origin, const std::vector<std::string>& overrides) {
  for (const std::string& item : overrides) apply(read_override(item), recipe);
  check_consistency(recipe, with_overrides(origin, overrides));
  return recipe;
}

// Against the images of the recipe's data set.
void check_layers(const Recipe& recipe, const std::string& origin) {
  const CatalogEntry& data = catalog_entry(recipe.data.name);
  try {
    layer_shapes(recipe, data.format.image);
  } catch (const RecipeError& error) {
    throw RecipeError(origin + ": " + error.what());
  }
}

// `named_at`: where another recipe names this one.
std::string read_recipe_file(const std::string& path, const std::string& named_at = "") {
  try {
    return read_file(path, kLargestRecipe);
  } catch (const FileError& error) {
    throw RecipeError((named_at.empty() ? "" : named_at + ": ") + error.what() +
                      ", expected a recipe file");
  }
}

// The recipe that `statements`, a whole file at `path`, start from, if they name one.
std::optional<std::string> base_of(const std::vector<RecipeStatement>& statements,
                                   const std::string& path) {
  if (statements.empty() || statements[0].name() != kBase) return std::nullopt;
  const RecipeValue& value = statements[0].value;
  if (value.is_array || value.items.at(0).empty()) {
    throw RecipeError(statements[0].where + ": " + kBase + " is " + quoted(value.text) +
                      ", expected the path of a recipe, seen from this one's folder");
  }
  return (std::filesystem::path(path).parent_path() / value.items[0]).lexically_normal().string();
}

void apply_file(const std::string& path, int bases_left, Recipe& recipe,
                const std::string& named_at = "") {
  std::vector<RecipeStatement> statements = read_statements(read_recipe_file(path, named_at), path);
  if (const auto base = base_of(statements, path)) {
    if (bases_left == 0) {
      throw RecipeError(statements[0].where + ": more than " + std::to_string(kMostBases) +
                        " recipes, each the base of the next, expected fewer: is one its own?");
    }
    apply_file(*base, bases_left - 1, recipe, statements[0].where);
    statements.erase(statements.begin());
  }
  apply_all(statements, recipe);
}

}  // namespace

int64_t learning_layers(const Recipe& recipe) {
  const auto& layers = recipe.network.layers;
  return std::count_if(layers.begin(), layers.end(),
                       [](const LayerSpec& layer) { return layer.learns(); });
}

std::vector<LayerSpec> dense_layers(const std::vector<int64_t>& units) {
  std::vector<LayerSpec> layers(units.size());
  for (std::size_t l = 0; l < units.size(); ++l) layers[l].units = units[l];
  return layers;
}

Recipe parse_recipe(const std::string& text, const std::string& origin,
                    const std::vector<std::string>& overrides) {
  Recipe recipe;
  apply_all(read_statements(text, origin), recipe);
  return finish(std::move(recipe), origin, overrides);
}

Recipe parse_recorded_recipe(const std::string& text, const std::string& origin) {
  try {
    return parse_recipe(text, origin);
  } catch (const RecipeError& error) {
    throw FileError(std::string("the recipe is damaged: ") + error.what());
  }
}

Recipe load_recipe(const std::string& path, const std::vector<std::string>& overrides) {
  Recipe recipe;
  apply_file(path, kMostBases, recipe);
  recipe = finish(std::move(recipe), path, overrides);
  check_layers(recipe, with_overrides(path, overrides));
  return recipe;
}

std::optional<std::string> base_recipe(const std::string& path) {
  return base_of(read_statements(read_recipe_file(path), path), path);
}

std::string to_text(const Recipe& recipe) {
  return write_fields(recipe, [](const RecipeField&) { return std::string(); });
}

std::string recipe_reference() {
  return write_fields(Recipe(), [](const RecipeField& field) {
    return "# " + field.meaning + " (" + field.expected + ")\n";
  });
}

}  // namespace ffwd
