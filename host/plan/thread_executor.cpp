#include "host/plan/thread_executor.h"

#include <omp.h>

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <system_error>
#include <thread>

#include "host/plan/lane_tasks.h"

namespace ffwd {
namespace {

// A thread with a Device of its own, which does one job at a time on up to so many OpenMP threads.
class LaneThread {
 public:
  LaneThread(Device& device, const std::string& name, int most_threads) {
    std::promise<void> promise;
    std::future<void> ready = promise.get_future();
    try {
      thread_ = std::thread(&LaneThread::run, this, std::ref(device), name, most_threads,
                            std::move(promise));
    } catch (const std::system_error& error) {
      throw OutOfMemory(std::string("the system has no more threads: ") + error.what());
    }
    try {
      ready.get();
    } catch (...) {
      thread_.join();
      throw;
    }
  }
  ~LaneThread() {
    start({});
    thread_.join();
  }
  LaneThread(const LaneThread&) = delete;
  LaneThread& operator=(const LaneThread&) = delete;

  // An empty job ends the thread.
  void start(std::function<void(Device&)> job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    job_ = std::move(job);
    busy_ = true;
    changed_.notify_all();
  }
  void finish() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
  }

 private:
  // `ready` when there is a device, or with what making it threw.
  void run(Device& device, const std::string& name, int most_threads, std::promise<void> ready) {
    std::unique_ptr<Device> lane;
    try {
      omp_set_num_threads(most_threads);
      lane = device.make_lane(name);
    } catch (...) {
      return ready.set_exception(std::current_exception());
    }
    ready.set_value();
    work(*lane);
  }

  void work(Device& lane) {
    for (std::unique_lock<std::mutex> lock(mutex_);;) {
      changed_.wait(lock, [this] { return busy_; });
      if (!job_) return;
      lock.unlock();
      job_(lane);
      lock.lock();
      busy_ = false;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void(Device&)> job_;
  bool busy_ = false;
  std::thread thread_;
};

using LaneThreads = std::vector<std::unique_ptr<LaneThread>>;

class ThreadPlan final : public PreparedPlan {
 public:
  ThreadPlan(const Plan& plan, RunTask run, Device& device, const LaneThreads& threads)
      : tasks_(plan, std::move(run), device),
        threads_(&threads),
        share_(std::max(1, omp_get_max_threads() / int(plan.most_lanes))),
        of_lane_(plan.lanes.size()) {
    for (size_t t = 0; t < plan.tasks.size(); ++t) {
      of_lane_[size_t(plan.tasks[t].lane)].push_back(t);
    }
  }

  void play() override {
    tasks_.reset();
    error_ = nullptr;
    for (size_t lane = 0; lane < of_lane_.size(); ++lane) {
      (*threads_)[lane]->start([this, lane](Device& device) { play_lane(lane, device); });
    }
    for (size_t lane = 0; lane < of_lane_.size(); ++lane) (*threads_)[lane]->finish();
    if (error_) std::rethrow_exception(error_);
  }

 private:
  // After an error anywhere the lanes only let each other through.
  void play_lane(size_t lane, Device& device) {
    omp_set_num_threads(share_);
    for (const size_t t : of_lane_[lane]) {
      if (failed()) {
        tasks_.skip(t, device);
        continue;
      }
      try {
        tasks_.run(t, device);
      } catch (...) {
        fail_with(std::current_exception());
        tasks_.skip(t, device);
      }
    }
  }
  bool failed() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return error_ != nullptr;
  }
  void fail_with(std::exception_ptr error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!error_) error_ = std::move(error);
  }

  LaneTasks tasks_;
  const LaneThreads* threads_;
  int share_;
  std::vector<std::vector<size_t>> of_lane_;  // tasks
  std::mutex mutex_;
  std::exception_ptr error_;
};

class ThreadExecutor final : public Executor {
 public:
  explicit ThreadExecutor(Device& device) : device_(&device) {}

  std::unique_ptr<PreparedPlan> prepare(const Plan& plan, RunTask run) override {
    while (threads_.size() < plan.lanes.size()) {
      const std::string name = "ffwd lane " + std::to_string(threads_.size());
      threads_.push_back(std::make_unique<LaneThread>(*device_, name, omp_get_max_threads()));
    }
    return std::make_unique<ThreadPlan>(plan, std::move(run), *device_, threads_);
  }

 private:
  Device* device_;
  LaneThreads threads_;
};

}  // namespace

std::unique_ptr<Executor> make_thread_executor(Device& device) {
  return std::make_unique<ThreadExecutor>(device);
}

}  // namespace ffwd
