// However a plan is played, the same weights come out, bit for bit: serially, on threads, on
// streams that run in any order that events allow, and as a graph. On random networks.
#include "host/plan/executor.h"

#include <gtest/gtest.h>
#include <omp.h>

#include <atomic>

#include "engine/files/checkpoint.h"
#include "host/model/model.h"
#include "host/plan/thread_executor.h"
#include "host/training/trainer.h"
#include "tests/devices.h"
#include "tests/queued_device.h"
#include "tests/random_plans.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

constexpr int kNetworks = 20, kNetworksOnGpu = 5;  // where making one takes longer than training it

// Some 200 steps: 10 epochs of 20 batches or so, the last of an epoch a smaller one.
Recipe random_recipe(std::mt19937& random, Schedule schedule) {
  Recipe recipe = toy_recipe();
  std::vector<LayerSpec> layers;
  if (pick(random, 0, 3) == 0) {
    layers.push_back({LayerSpec::Kind::convolution, 8, 3, 1, 1});
    if (pick(random, 0, 1)) layers.push_back({LayerSpec::Kind::max_pool});
  }
  for (int64_t dense = pick(random, layers.empty() ? 2 : 1, 4); dense > 0; --dense) {
    const bool as_before = !layers.empty() && layers.back().learns() && pick(random, 0, 1);
    layers.push_back(
        {LayerSpec::Kind::dense, as_before ? layers.back().units : pick(random, 5, 40)});
  }
  recipe.network.layers = layers;
  recipe.network.head = pick(random, 0, 3) > 0;
  recipe.negatives.labels = Negatives(pick(random, 0, recipe.network.head ? 2 : 1));
  if (recipe.negatives.labels == Negatives::head) recipe.negatives.lag = pick(random, 0, 3);
  recipe.objective.peer_strength = pick(random, 0, 1) ? 0.03f : 0.0f;
  recipe.optimiser.kind = pick(random, 0, 1) ? OptimiserKind::adam : OptimiserKind::momentum;
  recipe.training.schedule = schedule;
  recipe.training.skip_first_layer = pick(random, 0, 1);
  recipe.training.batch = pick(random, 10, 12);
  recipe.training.epochs = 10;
  recipe.training.seed = uint64_t(random());
  return recipe;
}

std::vector<std::vector<float>> train(Device& device, const Recipe& recipe, ExecutorKind executor) {
  const Dataset data = toy_dataset(205);
  const auto learner = make_learner(device, recipe, data, {executor});
  Trainer trainer(*learner, recipe, data.train);
  trainer.run([](const Progress&) {}, [](EpochMetrics&) {}, [] { return false; });
  std::vector<std::vector<float>> weights;
  for (const LazyTensor& tensor : learner->state()) weights.push_back(tensor.data());
  return weights;
}

// With one OpenMP thread, as many as a lane is sure to have: on the CPU the order of sums depends on
// that.
class Executors : public OnDevice {
 protected:
  void SetUp() override {
    OnDevice::SetUp();
    omp_set_num_threads(1);
  }
  void TearDown() override { omp_set_num_threads(threads_); }

  void expect_same_bits(int networks, int repeats) {
    std::vector<ExecutorKind> kinds = {ExecutorKind::lanes};
    if (device().queues()) kinds.push_back(ExecutorKind::graph);
    for (int seed = 0; seed < networks; ++seed) {
      for (const Schedule schedule :
           {Schedule::greedy, Schedule::simultaneous, Schedule::pipelined}) {
        std::mt19937 random{uint32_t(seed)};
        const Recipe recipe = random_recipe(random, schedule);
        const auto serial = train(device(), recipe, ExecutorKind::serial);
        for (const ExecutorKind kind : kinds) {
          for (int repeat = 0; repeat < repeats; ++repeat) {
            ASSERT_EQ(train(device(), recipe, kind), serial)
                << "seed " << seed << " schedule " << int(schedule) << " executor " << int(kind)
                << " repeat " << repeat;
          }
        }
      }
    }
  }

 private:
  const int threads_ = omp_get_max_threads();
};

TEST_P(Executors, LearnTheSameBits) {
  expect_same_bits(/*networks=*/1, /*repeats=*/1);
}

TEST_P(Executors, LearnTheSameBitsAgainAndAgain) {
  expect_same_bits(device().queues() ? kNetworksOnGpu : kNetworks, /*repeats=*/10);
}

FFWD_IN_EVERY_PRECISION(Executors);

TEST(StreamExecutor, LearnsTheSameBitsInAnyOrderThatEventsAllow) {
  const std::unique_ptr<Device> cpu = make_cpu_device();
  for (int seed = 0; seed < kNetworks; ++seed) {
    for (const Schedule schedule :
         {Schedule::greedy, Schedule::simultaneous, Schedule::pipelined}) {
      std::mt19937 random{uint32_t(seed)};
      Recipe recipe = random_recipe(random, schedule);
      recipe.training.epochs = 3;
      const auto serial = train(*cpu, recipe, ExecutorKind::serial);
      for (const ExecutorKind kind :
           {ExecutorKind::serial, ExecutorKind::lanes, ExecutorKind::graph}) {
        QueuedDevice queued{uint32_t(random())};
        ASSERT_EQ(train(queued, recipe, kind), serial)
            << "seed " << seed << " schedule " << int(schedule) << " executor " << int(kind);
      }
    }
  }
}

class DeviceWithoutLanes : public QueuedDevice {
 public:
  DeviceWithoutLanes() : QueuedDevice(1) {}
  std::unique_ptr<Device> make_lane(const std::string&) override {
    throw OutOfMemory("no memory for a lane");
  }
};

TEST(ThreadExecutor, ThrowsWhatMakingALaneThrows) {
  std::mt19937 random{1};
  const Plan plan = random_case(random, /*pipelined=*/true).plan();
  DeviceWithoutLanes device;
  const auto executor = make_thread_executor(device);
  EXPECT_THROW(executor->prepare(plan, {}), OutOfMemory);
}

TEST(StreamExecutor, LeavesImagesOnTheHostWhereMemoryIsShort) {
  const std::unique_ptr<Device> cpu = make_cpu_device();
  std::mt19937 random{1};
  Recipe recipe = random_recipe(random, Schedule::pipelined);
  recipe.training.epochs = 2;
  recipe.negatives.labels = Negatives::random;  // lanes need not wait for the head
  QueuedDevice roomy(1), small(1);
  small.set_free_memory(1000);
  const auto want = train(roomy, recipe, ExecutorKind::lanes);
  EXPECT_EQ(roomy.host_allocations(), 0);
  EXPECT_EQ(train(small, recipe, ExecutorKind::lanes), want);
  EXPECT_EQ(small.host_allocations(), 2) << "the images to learn from and to test with";
}

TEST(StreamExecutor, TakesNoMoreMemoryThanThereIs) {
  Recipe recipe = toy_recipe();
  recipe.network.layers = dense_layers({300, 300, 300});
  recipe.negatives.labels = Negatives::random;
  recipe.training.schedule = Schedule::pipelined;
  recipe.training.batch = 200;
  const Dataset data = toy_dataset();
  QueuedDevice device(1);
  const Model model = make_model(device, recipe, data.format, recipe.training.batch);
  const Vector<uint8_t> pixels(device, data.train.pixels);
  const auto taken = [&](int64_t free) {
    device.set_free_memory(free);
    const int64_t before = device.allocated();
    const Steps steps(*model.network, recipe, pixels.view().data, recipe.training.batch,
                      /*same_batch=*/false, {ExecutorKind::lanes});
    return device.allocated() - before;
  };
  const int64_t most = taken(int64_t(1) << 40), least = taken(1);
  ASSERT_LT(least * 5 / 4, most);
  for (int64_t free = least * 5 / 4; free < most; free += least / 8) {
    EXPECT_LE(taken(free), free) << "of " << least << " to " << most;
  }
}

// Tasks that only count, on five lanes that wait for each other: the input's, three layers', the
// head's.
class CountedPlan : public ::testing::Test {
 protected:
  void SetUp() override {
    PlanShape shape;
    shape.image = {4, 4, 1};
    shape.classes = 3;
    shape.layers = dense_shapes(shape.image, {8, 8, 8});
    shape.batch = 5;
    PlanOptions options;
    options.stage = {0, 3, shape.head};
    options.steps = 20;
    options.pipelined = true;
    plan = make_plan(shape, options);
    ASSERT_EQ(plan.lanes.size(), 5u);
  }

  Plan plan;
  std::unique_ptr<Device> device = make_cpu_device();
  std::unique_ptr<Executor> executor = make_executor(ExecutorKind::lanes, *device);
};

TEST_F(CountedPlan, EveryTaskIsPlayedAfterThoseItWaitsFor) {
  std::vector<std::atomic<bool>> done(plan.tasks.size());
  std::atomic<int> early{0};
  const auto prepared = executor->prepare(plan, [&](const PlanTask& task, Device&) {
    for (const int64_t other : task.after) early += !done[size_t(other)];
    done[size_t(&task - plan.tasks.data())] = true;
  });
  for (int repeat = 0; repeat < 20; ++repeat) {
    for (auto& each : done) each = false;
    prepared->play();
    for (const auto& each : done) EXPECT_TRUE(each);
  }
  EXPECT_EQ(early, 0);
}

TEST_F(CountedPlan, AnErrorOnOneLaneEndsThemAllAndIsThrown) {
  std::atomic<int> played{0};
  bool fails = true;
  const auto prepared = executor->prepare(plan, [&](const PlanTask& task, Device&) {
    if (fails && &task == &plan.tasks[plan.tasks.size() / 2]) throw Error("task broke");
    ++played;
  });
  try {
    prepared->play();
    FAIL() << "the error got lost";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "task broke");
  }
  EXPECT_LT(played, int(plan.tasks.size()) - 1);
  fails = false;
  played = 0;
  prepared->play();
  EXPECT_EQ(played, int(plan.tasks.size())) << "the executor can go on";
}

TEST_F(CountedPlan, NothingGoesOnOnAQueueAfterAnError) {
  QueuedDevice queued(3);
  const auto streams = make_executor(ExecutorKind::lanes, queued);
  const auto tasks = int64_t(plan.tasks.size()), broken = tasks / 2;
  const Vector<float> ones(queued, std::vector<float>(plan.tasks.size(), 1.0f));
  const Vector<float> done(queued, tasks);
  const auto prepared = streams->prepare(plan, [&](const PlanTask& task, Device& lane) {
    const int64_t t = &task - plan.tasks.data();
    if (t == broken) throw Error("task broke");
    lane.copy(done.view().data + t, ones.view().data + t, sizeof(float));
  });
  EXPECT_THROW(prepared->play(), Error);
  // Its memory is the host's: reading it does not wait.
  for (int64_t t = 0; t < broken; ++t) EXPECT_EQ(done.view().data[t], 1.0f) << t;
}

TEST(Executor, OnlyAGpuPlaysGraphs) {
  const auto device = make_cpu_device();
  EXPECT_THROW(make_executor(ExecutorKind::graph, *device), Error);
}

}  // namespace
}  // namespace ffwd::test
