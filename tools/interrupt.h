// Ctrl-C and SIGTERM as a flag that the training asks after every step.
#pragma once

namespace ffwd {

// From here on the first SIGINT or SIGTERM only sets the flag; a second one ends the program at
// once.
void catch_interrupts();

bool interrupted();

}  // namespace ffwd
