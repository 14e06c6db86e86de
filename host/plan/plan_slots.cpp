#include "host/plan/plan_slots.h"

#include <algorithm>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

// From the first to the last lane that touches a buffer: while the pipeline is full, that many
// batches lie between its first writer and its last reader.
std::vector<int64_t> lanes_spanned(const Plan& plan) {
  std::vector<int64_t> first(plan.buffers.size(), INT64_MAX), last(plan.buffers.size(), -1);
  for (const PlanTask& task : plan.tasks) {
    for (const auto* accesses : {&task.reads, &task.writes}) {
      for (const PlanAccess& access : *accesses) {
        const auto b = size_t(access.buffer);
        first[b] = std::min(first[b], task.lane);
        last[b] = std::max(last[b], task.lane);
      }
    }
  }
  std::vector<int64_t> spans;
  for (size_t b = 0; b < first.size(); ++b)
    spans.push_back(last[b] < 0 ? 1 : last[b] - first[b] + 1);
  return spans;
}

}  // namespace

void choose_slots(Plan& plan, int64_t depth, int64_t memory_limit) {
  const std::vector<int64_t> spans = lanes_spanned(plan);
  for (plan.depth = depth;; --plan.depth) {
    for (size_t b = 0; b < spans.size(); ++b) {
      PlanBuffer& buffer = plan.buffers[b];
      // What both passes of a batch need stays while labels are drawn ahead.
      const bool waits =
          buffer.kind == BufferKind::images || buffer.kind == BufferKind::wrong_labels;
      if (buffer.carried) continue;
      const int64_t slots = std::min(plan.depth, spans[b]) + (waits ? plan.lag : 0);
      buffer.slots = std::max<int64_t>(1, std::min(slots, plan.steps));
    }
    if (memory_limit == 0 || plan.bytes() <= memory_limit) break;
    if (plan.depth == 1) {
      throw UserError(ExitCode::memory, "a plan takes " + std::to_string(plan.bytes()) +
                                            " bytes at least, but the limit is " +
                                            std::to_string(memory_limit));
    }
  }
  for (PlanTask& task : plan.tasks) {
    for (auto* accesses : {&task.reads, &task.writes}) {
      for (PlanAccess& access : *accesses) {
        const PlanBuffer& buffer = plan.buffers[size_t(access.buffer)];
        access.slot = buffer.carried ? 0 : task.step % buffer.slots;
      }
    }
  }
}

}  // namespace ffwd
