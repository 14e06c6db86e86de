// The rows of a document: a folder of recipes, each run into a folder of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/device/device.h"
#include "host/recipe/recipe.h"
#include "host/runs/run_folder.h"
#include "host/training/training_state.h"

namespace ffwd {

// What a finished run has left behind.
struct RunResult {
  Summary summary;
  std::vector<EpochMetrics> metrics;
};

struct ReproductionRow {
  std::string name;                 // of the recipe's file, without .toml
  Recipe stated, run;               // as the document has it, and as it is run
  std::optional<RunResult> result;  // none: not finished
};

// Whether a row is among those that are asked for by name; without names all are.
bool is_asked(const std::string& row, const std::vector<std::string>& only);

// The names of a document's rows, its recipes FOLDER/NAME.toml, sorted. Throws FileError if it has
// none.
std::vector<std::string> row_names(const std::string& folder);

// The rows by name. If `quick`, what FOLDER/quick/NAME.toml says, or that of the nearest of its
// bases which has one, replaces values of what is run; `overrides` (section.key=value) replace
// values after that; rows that cannot take these are left out if they are not asked for. Throws
// RecipeError; FileError as row_names().
std::vector<ReproductionRow> load_rows(const std::string& folder, bool quick,
                                       const std::vector<std::string>& overrides,
                                       const std::vector<std::string>& only);

// The result in the run folder at `path` if it is a finished run of this very recipe on this
// device with its options.
std::optional<RunResult> finished_run(const std::string& path, const Recipe& recipe,
                                      const Device& device);

// The state that an unfinished run has left at `path`, to go on from; none if it has not. Throws
// FileError if it is of another recipe, or was computed in another way.
std::optional<SavedTraining> stopped_run(const std::string& path, const Recipe& recipe,
                                         const ComputeSetup& setup);

}  // namespace ffwd
