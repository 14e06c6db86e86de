// A device that queues its work as a GPU does, and does it with the CPU back end: whenever somebody
// waits, lanes go on in an order drawn at random among those that events allow. What is not held
// back by an event will sooner or later run too early.
#pragma once

#include <deque>
#include <map>
#include <random>

#include "engine/device/device.h"

namespace ffwd::test {

class QueuedDevice : public Device {
 public:
  explicit QueuedDevice(uint32_t seed) : QueuedDevice(std::make_shared<Shared>(seed)) {}
  ~QueuedDevice() override { shared_->lanes.erase(this); }

  std::string name() const override { return "queued " + cpu().name(); }
  Precision precision() const override { return cpu().precision(); }
  Stream stream() const override { return cpu().stream(); }
  bool queues() const override { return true; }
  void wait() override {
    while (!queue_.empty()) advance(shared_->lanes, shared_->random);
  }

  std::unique_ptr<Device> make_lane(const std::string&) override {
    return std::unique_ptr<Device>(new QueuedDevice(shared_));
  }
  std::unique_ptr<Event> make_event(bool) override { return std::make_unique<QueuedEvent>(); }
  void record(Event& event) override {
    const auto point = std::make_shared<Point>();
    dynamic_cast<QueuedEvent&>(event).point = point;
    add({point, {}, {}});
  }
  void wait_for(Event& event) override {
    const auto& point = dynamic_cast<QueuedEvent&>(event).point;
    if (point) add({{}, point, {}});
  }
  std::unique_ptr<Graph> capture(const std::function<void()>& work) override {
    auto graph = std::make_unique<QueuedGraph>(*this);
    shared_->capturing = &graph->entries;
    work();
    shared_->capturing = nullptr;
    graph->check_lanes_fork_and_join();
    return graph;
  }

  void* allocate(int64_t bytes) override {
    FFWD_EXPECT(!shared_->capturing, "a capture must not allocate");
    shared_->allocated += bytes;
    return cpu().allocate(bytes);
  }
  void release(void* memory) noexcept override {
    wait();
    cpu().release(memory);
  }
  int64_t free_memory() const override { return shared_->capacity - shared_->allocated; }
  void* allocate_host(int64_t bytes) override {
    ++shared_->host_allocations;
    return cpu().allocate_host(bytes);
  }
  void release_host(void* memory) noexcept override {
    wait();
    cpu().release_host(memory);
  }
  // As if the device were that small, for those who ask.
  void set_free_memory(int64_t bytes) { shared_->capacity = shared_->allocated + bytes; }
  int host_allocations() const { return shared_->host_allocations; }
  // Bytes of all allocations there were.
  int64_t allocated() const { return shared_->allocated; }

  void upload(void* device, const void* host, int64_t bytes) override {
    FFWD_EXPECT(!shared_->capturing, "a capture must not wait");
    wait();
    cpu().upload(device, host, bytes);
  }
  void download(void* host, const void* device, int64_t bytes) override {
    FFWD_EXPECT(!shared_->capturing, "a capture must not wait");
    wait();
    cpu().download(host, device, bytes);
  }
  void copy(void* to, const void* from, int64_t bytes) override {
    add([=](Device& cpu) { cpu.copy(to, from, bytes); });
  }
  void clear(void* device, int64_t bytes) override {
    add([=](Device& cpu) { cpu.clear(device, bytes); });
  }

#define FFWD_QUEUED(operation, Arguments)              \
  void operation(const Arguments& args) override {     \
    add([args](Device& cpu) { cpu.operation(args); }); \
  }
  FFWD_QUEUED(matmul, Matmul)
  FFWD_QUEUED(convolve, Convolution)
  FFWD_QUEUED(convolution_gradient, ConvolutionGradient)
  FFWD_QUEUED(pool, Pooling)
  FFWD_KERNELS(FFWD_QUEUED)
#undef FFWD_QUEUED

 private:
  using Work = std::function<void(Device& cpu)>;
  struct Point {
    bool over = false;
  };
  // Marks a point, waits for one, or does work.
  struct Entry {
    std::shared_ptr<Point> marks, waits_for;
    Work work;
  };
  using Queue = std::deque<Entry>;
  using Captured = std::vector<std::pair<QueuedDevice*, Entry>>;
  struct Shared {
    explicit Shared(uint32_t seed) : random(seed) {}
    std::unique_ptr<Device> cpu = make_cpu_device();
    std::mt19937 random;
    std::map<const QueuedDevice*, Queue*> lanes;
    Captured* capturing = nullptr;
    int64_t capacity = int64_t(1) << 40;  // of memory, which nobody gives back
    int host_allocations = 0;
    int64_t allocated = 0;
  };
  struct QueuedEvent final : Event {
    void reset() override {}
    double seconds_since(const Event&) const override { return 0; }
    std::shared_ptr<Point> point;
  };

  // One piece of work of the first lane: its lanes run inside it, in an order of their own.
  struct QueuedGraph final : Graph {
    explicit QueuedGraph(QueuedDevice& first) : first(&first) {}

    void launch() override {
      first->add([this](Device&) {
        std::map<const QueuedDevice*, Queue> queues;
        for (const auto& [lane, entry] : entries) {
          if (entry.marks) entry.marks->over = false;
          queues[lane].push_back(entry);
        }
        std::map<const QueuedDevice*, Queue*> lanes;
        for (auto& [lane, queue] : queues) lanes[lane] = &queue;
        while (first->advance(lanes, first->shared_->random)) {
        }
      });
    }
    // As CUDA asks: every lane starts with a wait and ends with a point that the first waits for.
    void check_lanes_fork_and_join() {
      std::map<QueuedDevice*, Entry> begin, end;
      for (const auto& [lane, entry] : entries) {
        begin.emplace(lane, entry);
        end[lane] = entry;
      }
      for (const auto& [lane, entry] : end) {
        if (lane == first) continue;
        FFWD_EXPECT(begin.at(lane).waits_for, "a captured lane must wait for the first");
        bool joined = false;
        for (const auto& [waiting, other] : entries) {
          joined |= waiting == first && entry.marks && other.waits_for == entry.marks;
        }
        FFWD_EXPECT(joined, "the first lane must wait for every captured one");
      }
    }

    QueuedDevice* first;
    Captured entries;
  };

  explicit QueuedDevice(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {
    shared_->lanes[this] = &queue_;
  }
  Device& cpu() const {
    return *shared_->cpu;
  }

  void add(Work work) {
    add(Entry{{}, {}, std::move(work)});
  }
  void add(Entry entry) {
    if (shared_->capturing) {
      shared_->capturing->emplace_back(this, std::move(entry));
    } else {
      queue_.push_back(std::move(entry));
    }
  }

  // One entry of any lane that may go on; false if there is none.
  bool advance(const std::map<const QueuedDevice*, Queue*>& lanes, std::mt19937& random) {
    std::vector<Queue*> ready;
    for (const auto& [lane, queue] : lanes) {
      if (queue->empty()) continue;
      const auto& point = queue->front().waits_for;
      if (!point || point->over) ready.push_back(queue);
    }
    if (ready.empty()) return false;
    Queue& queue = *ready[random() % ready.size()];
    const Entry entry = std::move(queue.front());
    queue.pop_front();
    if (entry.work) entry.work(cpu());
    if (entry.marks) entry.marks->over = true;
    return true;
  }

  std::shared_ptr<Shared> shared_;
  Queue queue_;
};

}  // namespace ffwd::test
