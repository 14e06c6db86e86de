// A training that tells the user what it does.
#pragma once

#include "host/training/training_run.h"

namespace ffwd {

// run_training with a headline, a progress line and the result on standard output; a signal ends
// it early (tools/interrupt.h). `name` is that of the recipe's file.
Summary run_recipe(Device& device, const Recipe& recipe, const std::string& name,
                   const Dataset& data, const RunFolder& folder, RunOptions options);

// Throws UserError (interrupted), saying how to go on, if a signal has stopped it.
void expect_finished(const Summary& summary, const RunFolder& folder);

}  // namespace ffwd
