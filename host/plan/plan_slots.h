// How many batches in flight keep their memory apart in each buffer of a plan.
#pragma once

#include "host/plan/plan.h"

namespace ffwd {

// Chooses the slots of every buffer, for `depth` batches in flight or as many as fit into
// `memory_limit` bytes (0: any number), and the slot of every access. Throws UserError (memory) if a
// single batch does not fit.
void choose_slots(Plan& plan, int64_t depth, int64_t memory_limit);

}  // namespace ffwd
