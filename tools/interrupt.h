// Ctrl-C, SIGTERM and a hang-up as a flag that the training asks between steps.
#pragma once

namespace ffwd {

// From here on the first SIGINT, SIGTERM or SIGHUP only sets the flag; a second SIGINT or SIGTERM ends the program at
// once. To be called before there are other threads.
void catch_interrupts();

bool interrupted();

}  // namespace ffwd
