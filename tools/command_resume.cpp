// ffwd resume: goes on with a training that was stopped.
#include <cstdio>

#include "host/basics/errors.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/run_recipe.h"

namespace ffwd {
namespace {

// The device that `setup` names, unless another one is asked for.
std::unique_ptr<Device> open_device(const ResumeCommand& command, const ComputeSetup& setup) {
  const std::string& file = command.matmul_algorithms;
  if (setup.measured_algorithms == file.empty()) {
    throw UserError(
        ExitCode::usage,
        "the matmul algorithms of " + command.run +
            (setup.measured_algorithms ? " were measured: name their file with --matmul-algorithms"
                                       : " were not measured, so it takes no --matmul-algorithms"));
  }
  const std::string before = setup.gpu ? "cuda" : "cpu";
  auto device =
      ffwd::open_device({command.device.empty() ? before : command.device, setup.precision, file});
  if (device->name() != setup.device) {
    std::printf("not on %s as before: the bits will not be the same\n", setup.device.c_str());
  }
  return device;
}

}  // namespace

void resume(const ResumeCommand& command) {
  catch_interrupts();
  const RunFolder folder = RunFolder::reopen(command.run);
  TrainingState stopped = load_training_state(folder.state_path());
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

}  // namespace ffwd
