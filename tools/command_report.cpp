// ffwd report: writes a run's report.html again.
#include <cstdio>

#include "host/errors.h"
#include "host/load_dataset.h"
#include "host/report.h"
#include "host/run_folder.h"
#include "host/sample_images.h"
#include "tools/commands.h"

namespace ffwd {
namespace {

void report(const std::string& run, const std::string& data_dir) {
  const RunFolder folder = RunFolder::open(run);
  const std::string text = folder.read_recipe();
  const Recipe recipe = parse_recipe(text, folder.recipe_path());
  std::vector<SampleImage> samples;
  if (find_dataset(recipe.data.name, data_dir)) {
    samples = sample_images(recipe, load_dataset(recipe.data.name, data_dir));
  }
  folder.write_report(render_report(folder.read_summary(), folder.read_metrics(), text, samples));
  std::printf("%s\n", folder.report_path().c_str());
}

}  // namespace

void add_report(CLI::App& app) {
  auto run = std::make_shared<std::string>(), data_dir = std::make_shared<std::string>();
  CLI::App* command = app.add_subcommand("report", "Write a run's report.html again");
  command->add_option("run", *run, "a run folder")->required();
  command->add_option("--data-dir", *data_dir, "where to look for the sample images' data set first");
  command->callback([run, data_dir] { report(*run, *data_dir); });
}

}  // namespace ffwd
