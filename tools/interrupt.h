// Ctrl-C, SIGTERM and a hang-up as a flag that the training asks between steps.
#pragma once

namespace ffwd {

// From here on the first SIGINT, SIGTERM or SIGHUP only sets the flag; a second SIGINT or SIGTERM
// ends the program at once. Those that are ignored, as nohup has it for a hang-up, stay ignored. To
// be called before there are other threads.
void catch_interrupts();

bool interrupted();

}  // namespace ffwd
