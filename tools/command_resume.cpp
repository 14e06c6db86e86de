// ffwd resume: goes on with a training that was stopped.
#include "host/errors.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/run_recipe.h"

namespace ffwd {

void resume(const ResumeCommand& command) {
  catch_interrupts();
  const RunFolder folder = RunFolder::reopen(command.run);
  const TrainingState stopped = load_training_state(folder.state_path());
  const DeviceOptions options{command.device, stopped.precision, command.matmul_algorithms};
  if (stopped.measured_algorithms && options.matmul_algorithms.empty()) {
    throw UserError(ExitCode::usage, "the matmul algorithms of " + command.run +
                                         " were measured: name their file with"
                                         " --matmul-algorithms");
  }
  const std::unique_ptr<Device> device = open_device(options);
  const Dataset data = load_recipe_data(stopped.recipe, command.data_dir);
  const Summary summary = run_recipe(
      *device, stopped.recipe, stopped.recipe_file, data, folder,
      {{default_executor(stopped.recipe.training.schedule)}, command.save_every, &stopped});
  expect_finished(summary, folder);
}

}  // namespace ffwd
