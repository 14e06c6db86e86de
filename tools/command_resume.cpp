// ffwd resume: goes on with a training that was stopped.
#include <cstdio>

#include "host/basics/errors.h"
#include "host/device/open_device.h"
#include "host/recipe/recipe_data.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/options.h"
#include "tools/run_recipe.h"

namespace ffwd {
namespace {

struct ResumeCommand {
  std::string run;     // its folder
  std::string device;  // empty: where it was
  std::string matmul_algorithms;
  double save_every = kSaveSeconds;
  std::string data_dir;
};

// The device that `setup` names, unless another one is asked for.
std::unique_ptr<Device> open_device(const ResumeCommand& command, const ComputeSetup& setup) {
  const std::string& file = command.matmul_algorithms;
  const std::string before = setup.gpu ? "cuda" : "cpu";
  const std::string& name = command.device.empty() ? before : command.device;
  if (name == before && setup.measured_algorithms == file.empty()) {
    throw UserError(
        ExitCode::usage,
        "the matmul algorithms of " + command.run +
            (setup.measured_algorithms ? " were measured: name their file with --matmul-algorithms"
                                       : " were not measured, so it takes no --matmul-algorithms"));
  }
  auto device = ffwd::open_device({name, setup.precision, file});
  if (device->name() != setup.device) {
    std::printf("not on %s as before: the bits will not be the same\n", setup.device.c_str());
  }
  return device;
}

void resume(const ResumeCommand& command) {
  catch_interrupts();
  const RunFolder folder = RunFolder::reopen(command.run);
  SavedTraining stopped = load_training_state(folder.state_path());
  const Recipe recipe = stopped.recipe;
  const std::string recipe_file = stopped.recipe_file;
  const std::unique_ptr<Device> device = open_device(command, stopped.setup);
  Execution execution{stopped.setup.executor};
  if (!device->queues() && execution.executor == ExecutorKind::graph) {
    execution.executor = default_executor(recipe.training.schedule);
  }
  const Dataset data = load_recipe_data(recipe, command.data_dir);
  expect_finished(run_recipe(*device, recipe, recipe_file, data, folder,
                             {execution, command.save_every, std::move(stopped)}),
                  folder);
}

}  // namespace

void declare_resume(CLI::App& app) {
  const auto line = std::make_shared<ResumeCommand>();
  CLI::App* command = app.add_subcommand("resume", "Go on with a training that was stopped");
  command->add_option("run", line->run, "its run folder")->required();
  command->add_option("--device", line->device, "cpu or cuda; where it was if absent")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  add_matmul_algorithms(*command, line->matmul_algorithms);
  add_save_every(*command, line->save_every);
  add_data_dir(*command, line->data_dir);
  command->footer([] {
    return std::string(
        "Precision and executor are those it had. On the same device, with as many threads, it"
        " learns\nthe same bits as if it had not been stopped.\n");
  });
  command->callback([line] { resume(*line); });
}

}  // namespace ffwd
