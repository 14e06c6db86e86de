// The work that streams hold. It runs at once, or in lazy mode when something waits for it; then
// the schedule picks the stream that goes next, and only the order within a stream and the waits
// between streams can be relied on.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace ffwd::simt {

struct Operation {
  std::function<void()> work;
  std::vector<std::shared_ptr<Operation>> after;  // to be done first, in other streams
  bool done = false;
};
using OperationPtr = std::shared_ptr<Operation>;

struct Queue {
  bool waits_for_default_stream;
  std::deque<OperationPtr> operations;
};
using QueuePtr = std::shared_ptr<Queue>;

// A queue exists until its owner lets go of it.
QueuePtr new_queue(bool waits_for_default_stream);
Queue& default_queue();

OperationPtr submit(Queue& queue, std::function<void()> work, OperationPtr after = nullptr);

// Runs one operation that could go next, if there is one. complete() does until `operation` is done
// (null is), complete_all() until all are.
bool advance();
void complete(OperationPtr operation);
void complete_all();

}  // namespace ffwd::simt
