// The part of the runtime that captures the work of streams, and graphs made of it.
#include <cuda_runtime_api.h>

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "simt/choice.h"
#include "simt/runtime.h"

// A graph owns what was captured; a node is one of its operations.
struct CUgraph_st {
  std::vector<ffwd::simt::OperationPtr> nodes;
};
struct CUgraphExec_st {
  struct Node {
    std::function<void()> work;
    std::vector<std::size_t> after;
  };
  std::vector<Node> nodes;
};

namespace ffwd::simt {
namespace {

void add_with_all_before(const OperationPtr& operation, std::set<const Operation*>& found) {
  if (!operation || !found.insert(operation.get()).second) return;
  for (const OperationPtr& before : operation->after) add_with_all_before(before, found);
}

// Whether all that other streams brought into the capture comes before the origin's last work.
bool all_joined(const Capture& capture) {
  std::set<const Operation*> joined;
  add_with_all_before(capture.origin->last_captured, joined);
  for (const OperationPtr& operation : capture.operations) {
    if (joined.count(operation.get()) == 0) return false;
  }
  return true;
}

// Every node after those that it depends on; the schedule picks among them.
void play(const std::vector<CUgraphExec_st::Node>& nodes) {
  std::vector<bool> done(nodes.size(), false);
  for (std::size_t played = 0; played < nodes.size(); ++played) {
    std::vector<std::size_t> ready;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      bool may_start = !done[i];
      for (const std::size_t before : nodes[i].after) may_start = may_start && done[before];
      if (may_start) ready.push_back(i);
    }
    const std::size_t next = ready[choose(ready.size())];
    nodes[next].work();
    done[next] = true;
  }
}

}  // namespace

cudaError_t refusal_while_capturing() {
  bool capturing = false;
  for (const QueuePtr& queue : all_queues()) {
    if (!queue->capture) continue;
    queue->capture->failed = true;
    capturing = true;
  }
  return capturing ? result(cudaErrorStreamCaptureUnsupported) : cudaSuccess;
}

}  // namespace ffwd::simt

using namespace ffwd::simt;

extern "C" {

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  Queue& queue = queue_of(stream);
  if (!stream) return result(cudaErrorStreamCaptureUnsupported);
  if (queue.capture) return result(cudaErrorIllegalState);
  queue.capture = std::make_shared<Capture>();
  queue.capture->origin = &queue;
  return cudaSuccess;
}

cudaError_t cudaStreamIsCapturing(cudaStream_t stream, cudaStreamCaptureStatus* status) {
  const Queue& queue = queue_of(stream);
  *status = !queue.capture          ? cudaStreamCaptureStatusNone
            : queue.capture->failed ? cudaStreamCaptureStatusInvalidated
                                    : cudaStreamCaptureStatusActive;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  *graph = nullptr;
  const std::shared_ptr<Capture> capture = queue_of(stream).capture;
  if (!capture) return result(cudaErrorIllegalState);
  if (capture->origin != &queue_of(stream)) return result(cudaErrorStreamCaptureUnmatched);
  const bool joined = all_joined(*capture);
  for (const QueuePtr& queue : all_queues()) {
    if (queue->capture != capture) continue;
    queue->capture = nullptr;
    queue->last_captured = nullptr;
  }
  if (capture->failed) return result(cudaErrorStreamCaptureInvalidated);
  if (!joined) return result(cudaErrorStreamCaptureUnjoined);
  *graph = new CUgraph_st{capture->operations};
  return cudaSuccess;
}

cudaError_t cudaGraphGetNodes(cudaGraph_t graph, cudaGraphNode_t* nodes, std::size_t* count) {
  if (!nodes) {
    *count = graph->nodes.size();
    return cudaSuccess;
  }
  for (std::size_t i = 0; i < *count && i < graph->nodes.size(); ++i) {
    nodes[i] = reinterpret_cast<cudaGraphNode_t>(graph->nodes[i].get());
  }
  return cudaSuccess;
}

cudaError_t cudaGraphNodeGetType(cudaGraphNode_t node, cudaGraphNodeType* type) {
  *type = reinterpret_cast<const Operation*>(node)->kind;
  return cudaSuccess;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph,
                                 unsigned long long) {
  std::map<const Operation*, std::size_t> place;
  auto made = std::make_unique<CUgraphExec_st>();
  for (const OperationPtr& operation : graph->nodes) {
    CUgraphExec_st::Node node{operation->work, {}};
    for (const OperationPtr& before : operation->after) {
      node.after.push_back(place.at(before.get()));
    }
    place[operation.get()] = made->nodes.size();
    made->nodes.push_back(std::move(node));
  }
  *executable = made.release();
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  queue_kernel(stream, [nodes = executable->nodes] { play(nodes); });
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
}
