// ffwd train: from a recipe to a run folder.
#include <ctime>
#include <filesystem>

#include "host/basics/errors.h"
#include "host/plan/trace.h"
#include "host/recipe/recipe_kinds.h"
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

constexpr int64_t kTracedPlans = 4;  // more would be too much to look at

ExecutorKind executor_of(const std::string& name, const Recipe& recipe, const Device& device) {
  const ExecutorKind kind =
      executor_named(name).value_or(default_executor(recipe.training.schedule));
  if (kind == ExecutorKind::graph && !device.queues()) {
    throw UserError(ExitCode::device, "--executor graph needs a GPU");
  }
  return kind;
}

// FIRST:END
void read_profile_steps(const std::string& text, Execution& execution) {
  if (text.empty()) return;
  const size_t colon = text.find(':');
  const bool read = colon != std::string::npos &&
                    read_number(text.substr(0, colon), execution.profile_first) &&
                    read_number(text.substr(colon + 1), execution.profile_end);
  if (read && 0 <= execution.profile_first && execution.profile_first < execution.profile_end) {
    return;
  }
  throw UserError(ExitCode::usage, "--profile-steps " + text +
                                       ": expected FIRST:END, two steps counted from 0, such as"
                                       " 20:25");
}

}  // namespace

void train(const TrainCommand& command) {
  catch_interrupts();
  std::vector<std::string> overrides = command.set;
  if (!command.schedule.empty()) overrides.push_back("training.schedule=" + command.schedule);
  if (command.seed) overrides.push_back("training.seed=" + *command.seed);
  const Recipe recipe = load_recipe(command.recipe, overrides);
  const std::unique_ptr<Device> device = open_device(command.device);
  const Dataset data = load_recipe_data(recipe, command.data_dir);
  Execution execution{executor_of(command.executor, recipe, *device)};
  read_profile_steps(command.profile_steps, execution);
  if (recipe.training.algorithm == Algorithm::backprop) {
    const bool executor = command.executor != "auto", traced = !command.trace.empty();
    if (executor || traced || !command.profile_steps.empty()) {
      throw UserError(ExitCode::usage, std::string(executor ? "--executor"
                                                   : traced ? "--trace"
                                                            : "--profile-steps") +
                                           " is about plans, and backpropagation has none");
    }
  }
  std::optional<Trace> trace;
  if (!command.trace.empty()) {
    if (execution.executor == ExecutorKind::graph) {
      throw UserError(ExitCode::usage, "--trace cannot look into a graph, use --executor lanes");
    }
    execution.trace = &trace.emplace(*device, kTracedPlans);
    trace->write(command.trace);  // an empty one, to find out early that it cannot be written
  }
  if (interrupted()) {
    throw UserError(ExitCode::interrupted, "stopped by a signal before the training began");
  }
  const RunFolder folder =
      RunFolder::create(command.out.empty() ? default_folder(command.recipe) : command.out);
  RunOptions options;
  options.execution = execution;
  options.save_every = command.save_every;
  const Summary summary =
      run_recipe(*device, recipe, std::filesystem::path(command.recipe).filename().string(), data,
                 folder, std::move(options));
  if (trace) trace->write(command.trace);
  expect_finished(summary, folder);
}

}  // namespace ffwd
