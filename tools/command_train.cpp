// ffwd train: from a recipe to a run folder.
#include <ctime>
#include <filesystem>
#include <optional>

#include "host/basics/errors.h"
#include "host/device/open_device.h"
#include "host/plan/trace.h"
#include "host/recipe/recipe_data.h"
#include "host/recipe/recipe_kinds.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/options.h"
#include "tools/run_recipe.h"

namespace ffwd {
namespace {

struct TrainCommand {
  std::string recipe;
  DeviceOptions device;
  std::string schedule;             // greedy, simultaneous, pipelined; empty: the recipe's
  std::string executor = "auto";    // or one of kExecutors
  std::string trace;                // file; empty: none
  std::string profile_steps;        // FIRST:END; empty: none
  std::optional<std::string> seed;  // as training.seed
  std::vector<std::string> set;     // section.key=value
  std::string out;                  // empty: runs/<recipe>-<time>
  double save_every = kSaveSeconds;
  std::string data_dir;
};

// runs/<recipe>-<date>-<time>, with a number behind it if that is taken
std::string default_folder(const std::string& recipe) {
  char stamp[32];
  const std::time_t time = std::time(nullptr);
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", std::localtime(&time));
  const std::string folder = "runs/" + std::filesystem::path(recipe).stem().string() + "-" + stamp;
  std::string free = folder;
  for (int n = 2; path_exists(free); ++n) free = folder + "-" + std::to_string(n);
  return free;
}

constexpr int64_t kTracedPlans = 4;  // more would be too much to look at

ExecutorKind executor_of(const std::string& name, const Recipe& recipe, const Device& device) {
  ExecutorKind kind = default_executor(recipe.training.schedule);
  read_name(kExecutors, name, kind);  // "auto" leaves it
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

void train(const TrainCommand& command) {
  catch_interrupts();
  std::vector<std::string> overrides = command.set;
  if (!command.schedule.empty()) overrides.push_back("training.schedule=" + command.schedule);
  if (command.seed) overrides.push_back("training.seed=" + *command.seed);
  const Recipe recipe = load_recipe(command.recipe, overrides);
  const std::unique_ptr<Device> device = open_device(command.device);
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
  if (!command.profile_steps.empty() && !device->queues()) {
    throw UserError(ExitCode::device, "--profile-steps needs a GPU");
  }
  std::optional<Trace> trace;
  if (!command.trace.empty()) {
    if (execution.executor == ExecutorKind::graph) {
      throw UserError(ExitCode::usage, "--trace cannot look into a graph, use --executor lanes");
    }
    execution.trace = &trace.emplace(*device, kTracedPlans);
    check_can_write(command.trace);
  }
  const Dataset data = load_recipe_data(recipe, command.data_dir);
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

}  // namespace

void declare_train(CLI::App& app) {
  const auto line = std::make_shared<TrainCommand>();
  std::vector<std::string> executors = names(kExecutors);
  executors.insert(executors.begin(), "auto");
  CLI::App* command = app.add_subcommand("train", "Train the network of a recipe");
  add_recipe(*command, line->recipe, line->set);
  add_device_options(*command, line->device);
  command
      ->add_option("--seed", line->seed, "seed of every random number; the recipe's own if absent")
      ->check(takes_key("training.seed"));
  command->add_option("--out", line->out, "run folder to create; runs/<recipe>-<time> if absent");
  add_schedule(*command, line->schedule);
  command
      ->add_option("--executor", line->executor,
                   "one task after another (serial), a thread or a stream a lane (lanes), the"
                   " schedule as a CUDA graph (graph); auto: lanes if pipelined, else serial")
      ->check(CLI::IsMember(executors))
      ->capture_default_str();
  command->add_option("--trace", line->trace,
                      "writes what ran when on which lane at the beginning, for ui.perfetto.dev");
  command->add_option("--profile-steps", line->profile_steps,
                      "FIRST:END, the steps that a waiting profiler is started for");
  add_save_every(*command, line->save_every);
  add_data_dir(*command, line->data_dir);
  command->footer([] {
    return "A recipe that begins with base = \"other.toml\" is that one, but for what it says "
           "itself.\n"
           "Keys, with their defaults:\n\n" +
           recipe_reference();
  });
  command->callback([line] { train(*line); });
}

}  // namespace ffwd
