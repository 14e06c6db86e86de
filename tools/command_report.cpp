// ffwd report: writes a run's report.html again.
#include <cstdio>

#include "host/basics/errors.h"
#include "host/data/load_dataset.h"
#include "host/recipe/recipe_data.h"
#include "host/report/report.h"
#include "host/report/sample_images.h"
#include "host/runs/run_folder.h"
#include "tools/commands.h"
#include "tools/options.h"

namespace ffwd {
namespace {

struct ReportCommand {
  std::string run, data_dir;
};

// None, and a word about it, without the data.
std::vector<SampleImage> samples_of(const Recipe& recipe, const std::string& data_dir) {
  if (find_dataset(recipe.data.name, data_dir)) {
    return sample_images(recipe, load_recipe_data(recipe, data_dir));
  }
  std::fprintf(stderr, "no images in the report: the data set %s is not here\n",
               recipe.data.name.c_str());
  return {};
}

void report(const ReportCommand& command) {
  const RunFolder folder = RunFolder::open(command.run);
  const std::string text = folder.read_recipe();
  const Recipe recipe = parse_recorded_recipe(text, folder.recipe_path());
  const Summary summary = folder.read_summary();
  const std::vector<EpochMetrics> metrics = folder.read_metrics_of(summary);
  folder.write_report(render_report(summary, metrics, text, samples_of(recipe, command.data_dir),
                                    recipe.reference));
  std::printf("%s\n", folder.report_path().c_str());
}

}  // namespace

void declare_report(CLI::App& app) {
  const auto line = std::make_shared<ReportCommand>();
  CLI::App* command = app.add_subcommand("report", "Write a run's report.html again");
  command->add_option("run", line->run, "a run folder")->required();
  add_data_dir(*command, line->data_dir);
  command->callback([line] { report(*line); });
}

}  // namespace ffwd
