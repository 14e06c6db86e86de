#include "host/reproduction.h"

#include <algorithm>
#include <filesystem>

#include "host/errors.h"
#include "host/file_io.h"
#include "host/recipe_text.h"

namespace ffwd {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kRecipeCap = 1 << 20;

// The statements of a file as overrides.
std::vector<std::string> overrides_of(const std::string& path) {
  std::vector<std::string> overrides;
  for (const RecipeStatement& statement : read_statements(read_file(path, kRecipeCap), path)) {
    if (!statement.key.empty()) overrides.push_back(statement.name() + "=" + statement.value.text);
  }
  return overrides;
}

// Beside a recipe, quick/NAME.toml; if there is none, that of its base. None at all: nothing.
std::vector<std::string> reductions_of(std::string path) {
  for (;;) {
    const fs::path recipe(path);
    const std::string reduction = (recipe.parent_path() / "quick" / recipe.filename()).string();
    if (fs::exists(reduction)) return overrides_of(reduction);
    const std::optional<std::string> base = base_recipe(path);
    if (!base) return {};
    path = *base;
  }
}

bool is_finished(const std::string& path) {
  return fs::exists(path + "/summary.json") && !RunFolder::open(path).read_summary().interrupted;
}

}  // namespace

std::vector<ReproductionRow> load_rows(const std::string& folder, bool quick,
                                       const std::vector<std::string>& overrides) {
  std::vector<ReproductionRow> rows;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const fs::path& path = entry.path();
    if (path.extension() != ".toml") continue;
    const Recipe stated = load_recipe(path.string());
    std::vector<std::string> all;
    if (quick) all = reductions_of(path.string());
    all.insert(all.end(), overrides.begin(), overrides.end());
    Recipe run = load_recipe(path.string(), all);
    if (quick) {
      run.title += " (quick: reduced)";
      run.reference.source += " (of which this run is a reduced form)";
    }
    rows.push_back({path.stem().string(), stated, run, std::nullopt});
  }
  if (rows.empty()) throw FileError(folder + " holds no recipe (*.toml)");
  std::sort(rows.begin(), rows.end(),
            [](const auto& left, const auto& right) { return left.name < right.name; });
  return rows;
}

std::optional<RunResult> finished_run(const std::string& path, const Recipe& recipe,
                                      const Device& device) {
  if (!is_finished(path)) return std::nullopt;
  const RunFolder folder = RunFolder::open(path);
  const Summary summary = folder.read_summary();
  if (folder.read_recipe() != to_text(recipe) || summary.device != device.name() ||
      summary.precision != to_string(device.precision())) {
    return std::nullopt;
  }
  return RunResult{summary, folder.read_metrics()};
}

RunFolder restart_run(const std::string& path) {
  if (is_finished(path)) {
    throw FileError(path +
                    " holds a finished run of another recipe, device or precision: name another"
                    " --out, or remove it if its run is not needed");
  }
  for (const char* file :
       {"recipe.toml", "metrics.jsonl", "model.safetensors", "report.html", "summary.json"}) {
    std::error_code ignored;
    fs::remove(path + "/" + file, ignored);
  }
  return RunFolder::create(path);
}

}  // namespace ffwd
