// ffwd train: from a recipe to a run folder.
#include <ctime>
#include <filesystem>

#include "host/errors.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/run_recipe.h"

namespace ffwd {
namespace {

// runs/<recipe>-<date>-<time>
std::string default_folder(const std::string& recipe) {
  char stamp[32];
  const std::time_t time = std::time(nullptr);
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", std::localtime(&time));
  return "runs/" + std::filesystem::path(recipe).stem().string() + "-" + stamp;
}

}  // namespace

void train(const TrainOptions& options) {
  std::vector<std::string> overrides = options.set;
  if (options.seed) overrides.push_back("training.seed=" + std::to_string(*options.seed));
  const Recipe recipe = load_recipe(options.recipe, overrides);
  const std::unique_ptr<Device> device = open_device(options.device);
  const Dataset data = load_recipe_data(recipe, options.data_dir);
  const RunFolder folder =
      RunFolder::create(options.out.empty() ? default_folder(options.recipe) : options.out);
  catch_interrupts();
  const Summary summary = run_recipe(
      *device, recipe, std::filesystem::path(options.recipe).filename().string(), data, folder);
  if (summary.interrupted) {
    throw UserError(ExitCode::interrupted,
                    "stopped by a signal; " + folder.path() + " holds what was learnt");
  }
}

}  // namespace ffwd
