#include "host/reproduction/reproduction.h"

#include <algorithm>
#include <filesystem>

#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/recipe/recipe_text.h"

namespace ffwd {
namespace {

namespace fs = std::filesystem;

// The statements of a file as overrides.
std::vector<std::string> overrides_of(const std::string& path) {
  std::vector<std::string> overrides;
  for (const RecipeStatement& statement : read_statements(read_file(path, kLargestRecipe), path)) {
    if (!statement.key.empty()) overrides.push_back(statement.name() + "=" + statement.value.text);
  }
  return overrides;
}

// Beside a recipe, quick/NAME.toml; if there is none, that of its base. None at all: nothing.
std::vector<std::string> reductions_of(std::string path) {
  for (;;) {
    const fs::path recipe(path);
    const std::string reduction = (recipe.parent_path() / "quick" / recipe.filename()).string();
    if (path_exists(reduction)) return overrides_of(reduction);
    const std::optional<std::string> base = base_recipe(path);
    if (!base) return {};
    path = *base;
  }
}

}  // namespace

bool is_asked(const std::string& row, const std::vector<std::string>& only) {
  return only.empty() || std::find(only.begin(), only.end(), row) != only.end();
}

std::vector<std::string> row_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") names.push_back(entry.path().stem().string());
  }
  if (names.empty()) throw FileError(folder + " holds no recipe (*.toml)");
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<ReproductionRow> load_rows(const std::string& folder, bool quick,
                                       const std::vector<std::string>& overrides,
                                       const std::vector<std::string>& only) {
  std::vector<ReproductionRow> rows;
  for (const std::string& name : row_names(folder)) {
    const std::string path = (fs::path(folder) / (name + ".toml")).string();
    const Recipe stated = load_recipe(path);
    std::vector<std::string> all;
    if (quick) all = reductions_of(path);
    all.insert(all.end(), overrides.begin(), overrides.end());
    Recipe run;
    try {
      run = load_recipe(path, all);
    } catch (const RecipeError&) {
      if (is_asked(name, only)) throw;
      continue;
    }
    if (quick) {
      run.title += " (quick: reduced)";
      run.reference.source += " (of which this run is a reduced form)";
    }
    rows.push_back({name, stated, run, std::nullopt});
  }
  return rows;
}

std::optional<RunResult> finished_run(const std::string& path, const Recipe& recipe,
                                      const Device& device) {
  if (!RunFolder::is_finished(path)) return std::nullopt;
  const RunFolder folder = RunFolder::open(path);
  const Summary summary = folder.read_summary();
  if (folder.read_recipe() != to_text(recipe) || summary.device != device.name() ||
      summary.precision != name_of(kPrecisions, device.precision()) ||
      summary.measured_algorithms != device.measured_algorithms()) {
    return std::nullopt;
  }
  return RunResult{summary, folder.read_metrics_of(summary)};
}

std::optional<SavedTraining> stopped_run(const std::string& path, const Recipe& recipe,
                                         const ComputeSetup& setup) {
  const std::string file = path + "/" + kStateFile;
  if (RunFolder::is_finished(path) || !path_exists(file)) return std::nullopt;
  SavedTraining state = load_training_state(file);
  if (to_text(state.recipe) == to_text(recipe) && state.setup == setup) return state;
  throw FileError(path +
                  " holds a stopped run of another recipe, device or precision: name another --out,"
                  " or remove it if its run is not needed");
}

}  // namespace ffwd
