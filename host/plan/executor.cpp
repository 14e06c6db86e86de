#include "host/plan/executor.h"

#include "host/plan/stream_executor.h"
#include "host/plan/thread_executor.h"

namespace ffwd {
namespace {

class SerialPlan final : public PreparedPlan {
 public:
  SerialPlan(const Plan& plan, RunTask run, Device& device)
      : plan_(&plan), run_(std::move(run)), device_(&device) {}

  void play() override {
    for (const PlanTask& task : plan_->tasks) run_(task, *device_);
  }

 private:
  const Plan* plan_;
  RunTask run_;
  Device* device_;
};

class SerialExecutor final : public Executor {
 public:
  explicit SerialExecutor(Device& device) : device_(&device) {}

  std::unique_ptr<PreparedPlan> prepare(const Plan& plan, RunTask run) override {
    return std::make_unique<SerialPlan>(plan, std::move(run), *device_);
  }

 private:
  Device* device_;
};

}  // namespace

std::unique_ptr<Executor> make_executor(ExecutorKind kind, Device& device) {
  switch (kind) {
    case ExecutorKind::serial:
      return std::make_unique<SerialExecutor>(device);
    case ExecutorKind::lanes:
      if (!device.queues()) return make_thread_executor(device);
      return make_stream_executor(device, /*graph=*/false);
    case ExecutorKind::graph:
      FFWD_EXPECT(device.queues(), "only a GPU plays graphs");
      return make_stream_executor(device, /*graph=*/true);
  }
  fail(__FILE__, __LINE__, "unknown executor");
}

}  // namespace ffwd
