// Planted hazards: plans of random networks are damaged at random, and check_plan must find every
// damage that does harm.
//
// Harm is decided without check_plan. A damaged plan is harmless if any two of its tasks that touch
// the same place, one writing, are still ordered (all pairs are tried, with a search along the
// dependencies), so that every execution computes what the order of its tasks does; and if that is
// what the sound plan computes, symbolically. A dependency that others imply is the usual case; but
// make_plan writes none of these down, so every dependency that is removed must be missed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "tests/plan_check.h"
#include "tests/random_plans.h"

namespace ffwd::test {
namespace {

constexpr int kSeeds = 300;

// reaches[b][a]: a has ended when b starts.
std::vector<std::vector<bool>> reachable(const Plan& plan) {
  const size_t tasks = plan.tasks.size();
  std::vector<std::vector<bool>> reaches(tasks, std::vector<bool>(tasks, false));
  for (size_t b = 0; b < tasks; ++b) {
    const auto add = [&](size_t a) {
      for (size_t c = 0; c < a; ++c) reaches[b][c] = reaches[b][c] || reaches[a][c];
      reaches[b][a] = true;
    };
    for (size_t a = 0; a < b; ++a) {
      if (plan.tasks[a].lane == plan.tasks[b].lane) add(a);
    }
    for (const int64_t a : plan.tasks[b].after) add(size_t(a));
  }
  return reaches;
}

bool conflict(const PlanTask& a, const PlanTask& b) {
  const auto meet = [](const std::vector<PlanAccess>& some, const std::vector<PlanAccess>& others) {
    for (const PlanAccess& x : some) {
      for (const PlanAccess& y : others) {
        if (x.buffer == y.buffer && x.slot == y.slot && overlap(x.rows, y.rows)) return true;
      }
    }
    return false;
  };
  return meet(a.writes, b.writes) || meet(a.writes, b.reads) || meet(a.reads, b.writes);
}

bool harmless(const Plan& damaged, const Plan& sound) {
  const auto reaches = reachable(damaged);
  for (size_t b = 0; b < damaged.tasks.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      if (!reaches[b][a] && conflict(damaged.tasks[a], damaged.tasks[b])) return false;
    }
  }
  return play_in_order(damaged) == play_in_order(sound);
}

// One of `count` things at random for which `fits` holds, or -1.
int64_t pick_one(std::mt19937& random, size_t count, const std::function<bool(size_t)>& fits) {
  std::vector<int64_t> fitting;
  for (size_t i = 0; i < count; ++i) {
    if (fits(i)) fitting.push_back(int64_t(i));
  }
  return fitting.empty() ? -1 : fitting[random() % fitting.size()];
}

// Damages a plan, or returns false if it has nothing to damage in this way.
using Damage = bool (*)(Plan& plan, std::mt19937& random);

bool remove_dependency(Plan& plan, std::mt19937& random) {
  const int64_t t =
      pick_one(random, plan.tasks.size(), [&](size_t i) { return !plan.tasks[i].after.empty(); });
  if (t < 0) return false;
  auto& after = plan.tasks[size_t(t)].after;
  after.erase(after.begin() + pick(random, 0, int64_t(after.size()) - 1));
  return true;
}

// The dependencies stay those of the larger number.
bool lower_slots(Plan& plan, std::mt19937& random) {
  const int64_t b =
      pick_one(random, plan.buffers.size(), [&](size_t i) { return plan.buffers[i].slots > 1; });
  if (b < 0) return false;
  const int64_t slots = --plan.buffers[size_t(b)].slots;
  for (PlanTask& task : plan.tasks) {
    for (auto* accesses : {&task.reads, &task.writes}) {
      for (PlanAccess& access : *accesses) {
        if (access.buffer == b) access.slot = task.step % slots;
      }
    }
  }
  return true;
}

bool swap_lanes(Plan& plan, std::mt19937& random) {
  const int64_t a = pick_one(random, plan.tasks.size(), [](size_t) { return true; });
  const int64_t b = pick_one(random, plan.tasks.size(), [&](size_t i) {
    return plan.tasks[i].lane != plan.tasks[size_t(a)].lane;
  });
  if (b < 0) return false;
  std::swap(plan.tasks[size_t(a)].lane, plan.tasks[size_t(b)].lane);
  return true;
}

// To another slot, or to another buffer.
bool move_write(Plan& plan, std::mt19937& random) {
  PlanTask& task = plan.tasks[random() % plan.tasks.size()];
  PlanAccess& access = task.writes[random() % task.writes.size()];
  const int64_t slots = plan.buffers[size_t(access.buffer)].slots;
  if (slots > 1 && pick(random, 0, 1)) {
    access.slot = (access.slot + pick(random, 1, slots - 1)) % slots;
  } else {
    const auto buffers = int64_t(plan.buffers.size());
    access.buffer = (access.buffer + pick(random, 1, buffers - 1)) % buffers;
    access.slot = pick(random, 0, plan.buffers[size_t(access.buffer)].slots - 1);
  }
  return true;
}

// Who waited for the task waits for what it waited for.
bool drop_task(Plan& plan, std::mt19937& random) {
  const auto dropped = int64_t(random() % plan.tasks.size());
  const std::vector<int64_t> inherited = plan.tasks[size_t(dropped)].after;
  plan.tasks.erase(plan.tasks.begin() + dropped);
  for (size_t t = size_t(dropped); t < plan.tasks.size(); ++t) {
    PlanTask& task = plan.tasks[t];
    std::vector<int64_t> after;
    for (const int64_t other : task.after) {
      if (other != dropped) {
        after.push_back(other - (other > dropped));
      } else {
        for (const int64_t earlier : inherited) {
          if (plan.tasks[size_t(earlier)].lane != task.lane) after.push_back(earlier);
        }
      }
    }
    task.after = after;
  }
  return true;
}

struct Tally {
  int planted = 0, harmless = 0, caught = 0;
};

// Damages the plans of kSeeds random networks. All that does harm must be found.
Tally plant(const char* what, Damage damage) {
  Tally tally;
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    const Plan sound = random_case(random, true).plan();
    Plan damaged = sound;
    if (!damage(damaged, random)) continue;
    ++tally.planted;
    if (!check_plan(damaged).empty()) {
      ++tally.caught;
    } else if (harmless(damaged, sound)) {
      ++tally.harmless;
    } else {
      ADD_FAILURE() << what << " is not found, seed " << seed;
    }
  }
  std::printf("%s: %d planted, %d found, %d do no harm\n", what, tally.planted, tally.caught,
              tally.harmless);
  return tally;
}

TEST(PlanHazards, FindsARemovedDependency) {
  const Tally tally = plant("a dependency removed", remove_dependency);
  EXPECT_EQ(tally.harmless, 0) << "none is implied by others";
  EXPECT_GE(tally.caught, 200);
}

TEST(PlanHazards, FindsEveryRemovedDependency) {
  for (int seed = 0; seed < 60; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    Plan plan = random_case(random, true).plan();
    for (PlanTask& task : plan.tasks) {
      const std::vector<int64_t> all = task.after;
      for (const int64_t other : all) {
        task.after.erase(std::find(task.after.begin(), task.after.end(), other));
        EXPECT_FALSE(check_plan(plan).empty())
            << describe(task) << " without task " << other << ", seed " << seed;
        task.after = all;
      }
    }
  }
}

TEST(PlanHazards, FindsALoweredSlotCount) {
  EXPECT_GE(plant("a slot less", lower_slots).caught, 100);
}

TEST(PlanHazards, FindsSwappedLanes) {
  const Tally tally = plant("two lanes swapped", swap_lanes);
  EXPECT_EQ(tally.harmless, 0);
  EXPECT_GE(tally.caught, 200);
}

TEST(PlanHazards, FindsAMovedWrite) {
  EXPECT_GE(plant("a write moved", move_write).caught, 200);
}

TEST(PlanHazards, FindsADroppedTask) {
  const Tally tally = plant("a task dropped", drop_task);
  EXPECT_EQ(tally.harmless, 0);
  EXPECT_EQ(tally.caught, kSeeds);
}

TEST(PlanHazards, AnImpliedDependencyMoreIsNone) {
  for (int seed = 0; seed < 60; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    Plan plan = random_case(random, true).plan();
    const auto reaches = reachable(plan);
    for (size_t b = 0; b < plan.tasks.size(); ++b) {
      PlanTask& task = plan.tasks[b];
      const int64_t a = pick_one(
          random, b, [&](size_t i) { return reaches[b][i] && plan.tasks[i].lane != task.lane; });
      if (a >= 0) task.after.push_back(a);
    }
    EXPECT_TRUE(check_plan(plan).empty()) << "seed " << seed;
  }
}

// A plan of two layers and three steps, to damage by hand.
class PlanSentences : public ::testing::Test {
 protected:
  PlanSentences() {
    PlanShape shape;
    shape.image = {5, 4, 1};
    shape.classes = 4;
    shape.layers = dense_shapes(shape.image, {8, 6});
    shape.batch = 5;
    PlanOptions options;
    options.stage = {0, 2, true};
    options.steps = 3;
    options.pipelined = true;
    plan_ = make_plan(shape, options);
  }

  PlanTask& task(TaskKind kind, int64_t layer, int64_t step) {
    return *std::find_if(plan_.tasks.begin(), plan_.tasks.end(), [&](const PlanTask& t) {
      return t.kind == kind && t.layer == layer && t.step == step;
    });
  }
  int64_t number(const PlanTask& task) const { return &task - plan_.tasks.data(); }

  void expect(const std::string& sentence) {
    std::string all;
    for (const std::string& problem : check_plan(plan_)) all += problem + "\n";
    EXPECT_NE(all.find(sentence), std::string::npos) << "found:\n" << all;
  }

  Plan plan_;
};

TEST_F(PlanSentences, AReadBeforeItsWrite) {
  task(TaskKind::forward, 1, 0).after.clear();
  expect(
      "(forward of layer 1 at step 0) reads slot 0 of next 0 and does not wait for task 4"
      " (goodness of layer 0 at step 0), which writes it");
}

TEST_F(PlanSentences, ASlotWrittenOverTooEarly) {
  plan_.depth = 9;
  for (PlanTask& task : plan_.tasks) {
    if (task.kind == TaskKind::show_labels && task.step == 2) task.after.clear();
  }
  task(TaskKind::gather, -1, 2).after.clear();
  expect(
      "(gather at step 2) writes over slot 0 of images, which task 5 (gradient of layer 0 at step"
      " 0) may still have to read");
}

TEST_F(PlanSentences, TwoUnorderedWriters) {
  task(TaskKind::goodness, 1, 0).writes.push_back(task(TaskKind::goodness, 0, 1).writes.back());
  expect(" write slot 0 of running 0 in no certain order");
  expect("(goodness of layer 1 at step 0) writes slot 0 of running 0, which is not its to write");
}

TEST_F(PlanSentences, ContentOfAnotherStep) {
  for (PlanAccess& access : task(TaskKind::forward, 1, 2).reads) {
    if (plan_.buffers[size_t(access.buffer)].name == "next 0") access.slot = 1;
  }
  expect(
      "(forward of layer 1 at step 2) reads slot 1 of next 0 with that of goodness at step 1,"
      " expected that of goodness at step 2");
}

TEST_F(PlanSentences, ContentOfAnotherKind) {
  auto& writes = task(TaskKind::goodness, 1, 1).writes;
  writes.erase(writes.begin());  // z, which the gradient of the loss replaces
  expect(
      "(gradient of layer 1 at step 1) reads slot 0 of z 1 with that of forward at step 1,"
      " expected that of goodness at step 1");
}

TEST_F(PlanSentences, AnUnfinishedEnd) {
  task(TaskKind::update, 1, 2).writes.clear();
  expect(
      "the plan ends with slot 0 of weights 1 with that of update at step 1, expected that of"
      " update at step 2");
}

TEST_F(PlanSentences, NeverWritten) {
  task(TaskKind::gather, -1, 0).writes.clear();
  expect("(shared product of layer 0 at step 0) reads slot 0 of images, which nobody has written");
}

TEST_F(PlanSentences, ATaskTooFew) {
  plan_.tasks.pop_back();
  expect("head learn at step 2 is there 0 times for neutral rows, expected 1");
}

TEST_F(PlanSentences, ATaskTwice) {
  plan_.tasks.push_back(plan_.tasks.back());
  expect("head learn at step 2 is there 2 times for neutral rows, expected 1");
}

TEST_F(PlanSentences, TheWrongOrderInALayer) {
  std::swap(task(TaskKind::gradient, 0, 1), task(TaskKind::update, 0, 1));
  expect("(gradient of layer 0 at step 1) comes after task ");
}

TEST_F(PlanSentences, ADependencyOnALaterTask) {
  PlanTask& first = plan_.tasks.front();
  first.after = {3};
  expect("task 0 (gather at step 0) waits for task 3, which is not before it");
}

TEST_F(PlanSentences, ADependencyOnItsOwnLane) {
  PlanTask& rows = task(TaskKind::goodness, 0, 0);
  rows.after = {number(rows) - 1};
  expect(
      "(goodness of layer 0 at step 0) waits for task 3 (shared product of layer 0 at step 0), "
      "which is on"
      " its own lane");
}

TEST_F(PlanSentences, ALaneThatIsNone) {
  task(TaskKind::goodness, 0, 0).lane = 17;
  expect("(goodness of layer 0 at step 0) is on lane 17, which is none");
}

TEST_F(PlanSentences, ALayerOnTwoLanes) {
  task(TaskKind::update, 0, 1).lane = 2;
  expect(
      "(update of layer 0 at step 1) is on lane layer 1, but task 3 (shared product of layer 0 at "
      "step 0)"
      " on lane layer 0");
}

TEST_F(PlanSentences, ASlotThatIsNone) {
  task(TaskKind::goodness, 0, 1).writes.back().slot = 40;
  expect("(goodness of layer 0 at step 1) touches slot 40 of running 0, which has ");
}

TEST_F(PlanSentences, TooManyBatchesInFlight) {
  plan_.depth = 1;
  expect(
      "(gather at step 1) does not wait for task 12 (head learn at step 0), but at most 1 batches"
      " may be in flight");
}

}  // namespace
}  // namespace ffwd::test
