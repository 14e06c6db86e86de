// ffwd reproduce: runs all recipes of a document and compares with what it states.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>

#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/basics/nearest_name.h"
#include "host/data/load_dataset.h"
#include "host/device/open_device.h"
#include "host/recipe/recipe_data.h"
#include "host/reproduction/reproduction_report.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/options.h"
#include "tools/run_recipe.h"

namespace ffwd {
namespace {

struct ReproduceCommand {
  std::string document;  // a folder of tools/recipes
  bool quick = false;
  std::vector<std::string> only, set;  // names of rows; section.key=value for every row
  std::string out;                     // empty: runs/<document>, with -quick if so
  DeviceOptions device;
  std::string data_dir;
};

namespace fs = std::filesystem;

// tools/recipes/NAME below the current folder, else in the source tree of this build.
std::string recipes_of(const std::string& name) {
  if (name.find_first_not_of("./") == std::string::npos) {
    throw UserError(ExitCode::usage, "the document has no name");
  }
  for (const std::string& root : {std::string("."), std::string(FFWD_SOURCE_DIR)}) {
    const std::string folder = root + "/tools/recipes/" + name;
    std::error_code ignored;
    if (fs::is_directory(folder, ignored)) return folder;
  }
  throw UserError(ExitCode::usage, "there is no folder tools/recipes/" + name +
                                       " here or in " FFWD_SOURCE_DIR
                                       ", expected one with the recipes of a document, such as"
                                       " investigations");
}

void check_names(const std::vector<std::string>& only, const std::vector<std::string>& names) {
  for (const std::string& name : only) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    throw UserError(ExitCode::usage,
                    "--only " + name + ": there is no such row" + did_you_mean(name, names));
  }
}

ComputeSetup setup_of_row(const ReproductionRow& row, const Device& device) {
  return setup_of(device, default_executor(row.run.training.schedule));
}

// Of every data set one copy: to unpack one takes seconds.
class Datasets {
 public:
  explicit Datasets(const std::string& data_dir) : data_dir_(data_dir) {}

  Dataset of(const Recipe& recipe) {
    const std::string& name = recipe.data.name;
    if (loaded_.count(name) == 0) loaded_.emplace(name, load_dataset(name, data_dir_));
    return cut_for(recipe, loaded_.at(name));
  }

 private:
  std::string data_dir_;
  std::map<std::string, Dataset> loaded_;
};

// That its data and its folder can be used.
void check_row(const ReproductionRow& row, const std::string& run_folder, const Device& device,
               Datasets& datasets) {
  try {
    const Dataset data = datasets.of(row.run);
    RunFolder::check_can_restart(run_folder);
    const auto stopped = stopped_run(run_folder, row.run, setup_of_row(row, device));
    if (stopped) require_same_data(*stopped, identity_of(data.train), run_folder);
  } catch (const UserError& error) {
    throw UserError(error.code, "row " + row.name + ": " + error.what());
  }
}

// Looks for rows that are finished, also by another process since. A damaged one counts as not run
// if it is not asked for: why, for each of them.
std::vector<std::string> find_finished(Reproduction& reproduction, const std::string& out,
                                       const Device& device, const std::vector<std::string>& only) {
  std::vector<std::string> damaged;
  for (ReproductionRow& row : reproduction.rows) {
    try {
      if (!row.result) row.result = finished_run(out + "/" + row.name, row.run, device);
    } catch (const FileError& error) {
      if (is_asked(row.name, only)) throw;
      damaged.push_back("row " + row.name + " counts as not run: " + error.what());
    }
  }
  return damaged;
}

void write_results(const Reproduction& reproduction, const std::string& out) {
  write_file_atomically(out + "/results.md", reproduction_markdown(reproduction));
  write_file_atomically(out + "/report.html", reproduction_page(reproduction));
}

void reproduce(const ReproduceCommand& command) {
  catch_interrupts();
  std::string document = command.document;
  while (!document.empty() && document.back() == '/') document.pop_back();
  const std::string recipes = recipes_of(document);
  check_names(command.only, row_names(recipes));
  Reproduction reproduction{document, command.quick, command.set,
                            load_rows(recipes, command.quick, command.set, command.only)};
  const std::string out =
      command.out.empty() ? "runs/" + document + (command.quick ? "-quick" : "") : command.out;
  const std::unique_ptr<Device> device = open_device(command.device);
  find_finished(reproduction, out, *device, command.only);
  Datasets datasets(command.data_dir);
  for (const ReproductionRow& row : reproduction.rows) {  // before the first has trained for hours
    if (!is_asked(row.name, command.only) || row.result) continue;
    check_row(row, out + "/" + row.name, *device, datasets);
  }

  for (ReproductionRow& row : reproduction.rows) {
    if (!is_asked(row.name, command.only)) continue;
    std::printf("== %s%s\n", row.name.c_str(), row.result ? ": finished before" : "");
    if (row.result) continue;
    const Dataset data = datasets.of(row.run);
    const std::string path = out + "/" + row.name;
    const ComputeSetup setup = setup_of_row(row, *device);
    RunOptions options;
    options.execution.executor = setup.executor;
    options.stopped = stopped_run(path, row.run, setup);
    const RunFolder folder = options.stopped ? RunFolder::reopen(path) : RunFolder::restart(path);
    const Summary summary =
        run_recipe(*device, row.run, row.name + ".toml", data, folder, std::move(options));
    find_finished(reproduction, out, *device, command.only);
    write_results(reproduction, out);
    if (summary.interrupted) {
      throw UserError(ExitCode::interrupted,
                      "stopped by a signal; the same command goes on with " + row.name);
    }
  }
  const std::vector<std::string> damaged = find_finished(reproduction, out, *device, command.only);
  write_results(reproduction, out);
  for (const std::string& row : damaged) std::printf("%s\n", row.c_str());
  std::printf("results: %s/results.md and %s/report.html\n", out.c_str(), out.c_str());
}

}  // namespace

void declare_reproduce(CLI::App& app) {
  const auto line = std::make_shared<ReproduceCommand>();
  CLI::App* command = app.add_subcommand("reproduce", "Run a document's experiments and compare");
  command->add_option("document", line->document, "a folder of tools/recipes")->required();
  command->add_flag("--quick", line->quick,
                    "a reduced form: fewer images and steps, narrower layers");
  command->add_option("--only", line->only, "only this row; may be repeated")
      ->allow_extra_args(false);
  command
      ->add_option("--set", line->set,
                   "section.key=value: replaces a value of every row; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--out", line->out,
                      "where results and run folders go; runs/<document> if absent,"
                      " runs/<document>-quick with --quick");
  add_device_options(*command, line->device);
  add_data_dir(*command, line->data_dir);
  command->callback([line] { reproduce(*line); });
}

}  // namespace ffwd
