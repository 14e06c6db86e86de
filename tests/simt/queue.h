// The work that streams hold. It runs at once, or in lazy mode when something waits for it; then
// the schedule picks the stream that goes next, and only the order within a stream and the waits
// between streams can be relied on. While a stream captures, its work goes into the capture.
#pragma once

#include <driver_types.h>

#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace ffwd::simt {

struct Capture;
struct Queue;

struct Operation {
  cudaGraphNodeType kind;
  std::function<void()> work;
  std::vector<std::shared_ptr<Operation>> after;  // to be done first, in other streams too
  bool done = false;
  bool captured = false;  // then it never is, and its capture may be gone:
  std::weak_ptr<Capture> capture;
};
using OperationPtr = std::shared_ptr<Operation>;

// What streams queue between the begin and the end of a capture.
struct Capture {
  Queue* origin;
  std::vector<OperationPtr> operations;
  bool failed = false;
};

struct Queue {
  bool waits_for_default_stream;
  std::deque<OperationPtr> operations;
  std::shared_ptr<Capture> capture;  // null: its work is done
  OperationPtr last_captured;
};
using QueuePtr = std::shared_ptr<Queue>;

// A queue exists until its owner lets go of it.
QueuePtr new_queue(bool waits_for_default_stream);
Queue& default_queue();
std::vector<QueuePtr> all_queues();

OperationPtr submit(Queue& queue, cudaGraphNodeType kind, std::function<void()> work,
                    OperationPtr after = nullptr);

// Runs one operation that could go next, if there is one. complete() does until `operation` is done
// (null is), complete_all() until all are.
bool advance();
void complete(OperationPtr operation);
void complete_all();

}  // namespace ffwd::simt
