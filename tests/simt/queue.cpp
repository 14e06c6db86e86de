#include "simt/queue.h"

#include <algorithm>

#include "simt/choice.h"
#include "simt/device_memory.h"

namespace ffwd::simt {
namespace {

std::vector<std::weak_ptr<Queue>>& queues() {
  static std::vector<std::weak_ptr<Queue>> all;
  return all;
}

bool is_done(const OperationPtr& operation) {
  return operation->done;
}

void add_last(const Queue& queue, std::vector<OperationPtr>& after) {
  if (!queue.operations.empty()) after.push_back(queue.operations.back());
}

void add_to_capture(Queue& queue, const OperationPtr& operation) {
  operation->captured = true;
  operation->capture = queue.capture;
  if (queue.last_captured) operation->after.push_back(queue.last_captured);
  queue.last_captured = operation;
  queue.capture->operations.push_back(operation);
}

}  // namespace

QueuePtr new_queue(bool waits_for_default_stream) {
  const auto is_gone = [](const std::weak_ptr<Queue>& queue) { return queue.expired(); };
  queues().erase(std::remove_if(queues().begin(), queues().end(), is_gone), queues().end());
  auto queue = std::make_shared<Queue>();
  queue->waits_for_default_stream = waits_for_default_stream;
  queues().push_back(queue);
  return queue;
}

Queue& default_queue() {
  static const QueuePtr queue = new_queue(false);
  return *queue;
}

std::vector<QueuePtr> all_queues() {
  std::vector<QueuePtr> all;
  for (const std::weak_ptr<Queue>& each : queues()) {
    if (QueuePtr queue = each.lock()) all.push_back(std::move(queue));
  }
  return all;
}

OperationPtr submit(Queue& queue, cudaGraphNodeType kind, std::function<void()> work,
                    OperationPtr after) {
  auto operation = std::make_shared<Operation>();
  operation->kind = kind;
  operation->work = std::move(work);
  if (after) operation->after.push_back(std::move(after));
  if (queue.capture) {
    add_to_capture(queue, operation);
    return operation;
  }
  if (&queue == &default_queue()) {  // which waits for the streams that wait for it
    for (const QueuePtr& other : all_queues()) {
      if (other->waits_for_default_stream) add_last(*other, operation->after);
    }
  } else if (queue.waits_for_default_stream) {
    add_last(default_queue(), operation->after);
  }
  queue.operations.push_back(operation);
  if (!is_lazy()) complete(operation);
  return operation;
}

bool advance() {
  std::vector<QueuePtr> ready = all_queues();
  const auto is_stuck = [](const QueuePtr& queue) {
    if (queue->operations.empty()) return true;
    const auto& after = queue->operations.front()->after;
    return !std::all_of(after.begin(), after.end(), is_done);
  };
  ready.erase(std::remove_if(ready.begin(), ready.end(), is_stuck), ready.end());
  if (ready.empty()) return false;
  Queue& queue = *ready[choose(ready.size())];
  const OperationPtr operation = queue.operations.front();
  {
    const DeviceAccess access;
    operation->work();
  }
  operation->done = true;
  operation->after.clear();
  queue.operations.pop_front();
  return true;
}

void complete(OperationPtr operation) {
  while (operation && !operation->done) advance();
}

void complete_all() {
  while (advance()) {
  }
}

}  // namespace ffwd::simt
