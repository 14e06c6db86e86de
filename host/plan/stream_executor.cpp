#include "host/plan/stream_executor.h"

#include "host/plan/lane_tasks.h"

namespace ffwd {
namespace {

// The first lane is the device itself, the others are streams beside it. All are made before the
// first plan is played, for a graph must not allocate.
class Lanes {
 public:
  explicit Lanes(Device& device) : device_(&device) {}

  void make(size_t count) {
    while (1 + more_.size() < count) {
      more_.push_back(device_->make_lane("ffwd lane " + std::to_string(1 + more_.size())));
    }
  }
  Device& operator[](size_t lane) { return lane == 0 ? *device_ : *more_[lane - 1]; }

 private:
  Device* device_;
  std::vector<std::unique_ptr<Device>> more_;
};

class StreamPlan final : public PreparedPlan {
 public:
  StreamPlan(const Plan& plan, RunTask run, Lanes& lanes, bool graph)
      : tasks_(plan, std::move(run), lanes[0]),
        lanes_(&lanes),
        graph_wanted_(graph),
        start_(lanes[0].make_event(/*timed=*/false)) {
    for (size_t lane = 1; lane < plan.lanes.size(); ++lane) {
      end_.push_back(lanes[0].make_event(/*timed=*/false));
    }
  }

  // The first playing lets libraries choose algorithms and allocate, which a capture forbids.
  void play() override {
    if (!graph_wanted_ || !played_) {
      queue_or_stop();
      played_ = true;
      return;
    }
    if (!graph_) graph_ = (*lanes_)[0].capture([this] { queue(); });
    graph_->launch();
  }

 private:
  // After an error nothing that was queued may go on: its memory may be freed next.
  void queue_or_stop() {
    try {
      queue();
    } catch (...) {
      for (size_t lane = 0; lane < tasks_.plan().lanes.size(); ++lane) {
        try {
          (*lanes_)[lane].wait();
        } catch (const Error&) {  // the first error is the one to tell
        }
      }
      throw;
    }
  }

  void queue() {
    const Plan& plan = tasks_.plan();
    Device& first = (*lanes_)[0];
    tasks_.reset();
    first.record(*start_);
    for (size_t lane = 1; lane < plan.lanes.size(); ++lane) (*lanes_)[lane].wait_for(*start_);
    for (size_t t = 0; t < plan.tasks.size(); ++t) {
      tasks_.run(t, (*lanes_)[size_t(plan.tasks[t].lane)]);
    }
    for (size_t lane = 1; lane < plan.lanes.size(); ++lane) {
      (*lanes_)[lane].record(*end_[lane - 1]);
      first.wait_for(*end_[lane - 1]);
    }
  }

  LaneTasks tasks_;
  Lanes* lanes_;
  bool graph_wanted_, played_ = false;
  std::unique_ptr<Event> start_;
  std::vector<std::unique_ptr<Event>> end_;  // of the lanes beside the first
  std::unique_ptr<Graph> graph_;
};

class StreamExecutor final : public Executor {
 public:
  StreamExecutor(Device& device, bool graph) : lanes_(device), graph_(graph) {}

  std::unique_ptr<PreparedPlan> prepare(const Plan& plan, RunTask run) override {
    lanes_.make(plan.lanes.size());
    return std::make_unique<StreamPlan>(plan, std::move(run), lanes_, graph_);
  }

 private:
  Lanes lanes_;
  bool graph_;
};

}  // namespace

std::unique_ptr<Executor> make_stream_executor(Device& device, bool graph) {
  return std::make_unique<StreamExecutor>(device, graph);
}

}  // namespace ffwd
