// Plans of random networks have no hazard, compute what a single thread computes in whatever order
// they are played, drain, overlap layers where they may and only there, and fit into memory.
#include "host/plan/plan_builder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "host/basics/errors.h"
#include "host/plan/plan_order.h"
#include "tests/plan_check.h"
#include "tests/random_plans.h"
#include "tests/text_check.h"

namespace ffwd::test {
namespace {

constexpr int kSeeds = 400;

std::string joined(const std::vector<std::string>& sentences) {
  std::string all;
  for (const std::string& sentence : sentences) all += sentence + "\n";
  return all;
}

// Plays lanes as threads or streams may: any lane whose next task waits for nothing more goes on.
std::map<std::string, uint64_t> play_at_random(const Plan& plan, std::mt19937& random) {
  std::vector<std::vector<int64_t>> lanes(plan.lanes.size());
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    lanes[size_t(plan.tasks[t].lane)].push_back(int64_t(t));
  }
  std::vector<size_t> next(lanes.size(), 0);
  std::vector<bool> ended(plan.tasks.size(), false);
  SymbolicMemory memory;
  for (size_t played = 0; played < plan.tasks.size(); ++played) {
    std::vector<size_t> ready;
    for (size_t lane = 0; lane < lanes.size(); ++lane) {
      if (next[lane] == lanes[lane].size()) continue;
      const auto& after = plan.tasks[size_t(lanes[lane][next[lane]])].after;
      if (std::all_of(after.begin(), after.end(), [&](int64_t t) { return ended[size_t(t)]; })) {
        ready.push_back(lane);
      }
    }
    if (ready.empty()) return {};  // stuck: equal to no result
    const size_t lane = ready[random() % ready.size()];
    const auto task = size_t(lanes[lane][next[lane]++]);
    memory.play(plan, plan.tasks[task]);
    ended[task] = true;
  }
  return memory.result(plan);
}

int64_t find_task(const Plan& plan, TaskKind kind, int64_t layer, int64_t step,
                  RowClass rows = RowClass::learning) {
  for (size_t t = 0; t < plan.tasks.size(); ++t) {
    const PlanTask& task = plan.tasks[t];
    if (task.kind == kind && task.layer == layer && task.step == step && overlap(task.rows, rows)) {
      return int64_t(t);
    }
  }
  ADD_FAILURE() << name_of(kTaskKinds, kind) << " of layer " << layer << " at step " << step
                << " is missing";
  return 0;
}

// Pairs of tasks of different layers that learn from different batches and may run side by side.
int64_t overlapping_pairs(const Plan& plan) {
  const PlanOrder order(plan);
  const auto learns = [&](const PlanTask& task) {
    return task.layer >= 0 && overlap(task.rows, RowClass::learning) &&
           task.kind != TaskKind::shared_product;
  };
  int64_t pairs = 0;
  for (size_t b = 0; b < plan.tasks.size(); ++b) {
    for (size_t a = 0; a < b; ++a) {
      const PlanTask &first = plan.tasks[a], &second = plan.tasks[b];
      if (learns(first) && learns(second) && first.layer != second.layer &&
          first.step != second.step && !order.before(int64_t(a), int64_t(b))) {
        ++pairs;
      }
    }
  }
  return pairs;
}

PlanShape three_layers() {
  return fully_connected({500, 400, 300});
}

PlanOptions pipelined(int64_t steps) {
  PlanOptions options;
  options.stage = {0, 3, true};
  options.steps = steps;
  options.pipelined = true;
  return options;
}

TEST(Plan, HasNoHazard) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    for (const bool lanes : {false, true}) {
      const Plan plan = random_case(random, lanes).plan();
      ASSERT_EQ(joined(check_plan(plan)), "") << "seed " << seed;
    }
  }
}

TEST(Plan, ComputesTheSameInEveryOrder) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    PlanCase c = random_case(random, true);
    const Plan plan = c.plan();
    c.options.pipelined = false;
    const auto serial = play_in_order(c.plan());
    ASSERT_FALSE(serial.empty());
    ASSERT_EQ(play_in_order(plan), serial) << "seed " << seed;
    for (int run = 0; run < 5; ++run) {
      ASSERT_EQ(play_at_random(plan, random), serial) << "seed " << seed;
    }
  }
}

TEST(Plan, WaitsForNothingTwice) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    const Plan plan = random_case(random, true).plan();
    const PlanOrder order(plan);
    for (const PlanTask& task : plan.tasks) {
      for (const int64_t a : task.after) {
        for (const int64_t b : task.after) ASSERT_FALSE(order.before(a, b)) << describe(task);
      }
    }
  }
}

TEST(Plan, LayersThatTakeTurnsShareMemory) {
  PlanOptions options;
  options.stage = {0, 4, true};
  PlanShape shape = three_layers();
  const ImageShape& image = shape.image;
  shape.layers = dense_shapes(image, {image.values(), image.values(), 9, image.values()});
  const auto count = [&](BufferKind kind) {
    const Plan plan = make_plan(shape, options);
    return std::count_if(plan.buffers.begin(), plan.buffers.end(),
                         [&](const PlanBuffer& buffer) { return buffer.kind == kind; });
  };
  EXPECT_EQ(count(BufferKind::gradient), 3) << "the second has the first one's shape";
  EXPECT_EQ(count(BufferKind::z), 2) << "three have as many units";
  EXPECT_EQ(count(BufferKind::next), 4) << "the head reads them all";
  shape.head = options.stage.head = false;
  EXPECT_EQ(count(BufferKind::next), 3)
      << "the fourth layer's is the first's, and not what it reads";
  options.pipelined = true;
  EXPECT_EQ(count(BufferKind::gradient), 4);
  EXPECT_EQ(count(BufferKind::z), 4);
  EXPECT_EQ(count(BufferKind::next), 4);
}

TEST(Plan, LayersLearnFromDifferentBatchesAtTheSameTime) {
  const Plan plan = make_plan(three_layers(), pipelined(8));
  const PlanOrder order(plan);
  for (int64_t step = 0; step + 2 < 8; ++step) {
    for (const TaskKind kind : {TaskKind::goodness, TaskKind::gradient, TaskKind::update}) {
      // While layer 2 learns from a batch, layer 1 has the next one, and layer 0 the one after.
      const int64_t two = find_task(plan, kind, 2, step), one = find_task(plan, kind, 1, step + 1),
                    zero = find_task(plan, kind, 0, step + 2);
      EXPECT_FALSE(order.before(two, one)) << step;
      EXPECT_FALSE(order.before(two, zero)) << step;
      EXPECT_FALSE(order.before(one, zero)) << step;
    }
  }
}

TEST(Plan, OverlapsWhereItMayAndOnlyThere) {
  int64_t with = 0, without = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    PlanCase c = random_case(random, true);
    const Plan plan = c.plan();
    const bool waits_for_head =
        c.shape.labels_from_head && c.options.stage.has_layers() && c.shape.label_lag == 0;
    // Learning rows in two layers, two steps, and leave to have both in flight.
    const int64_t first = plan.kept ? c.options.stage.first_layer : 0;  // layer that runs
    const bool may = c.options.stage.has_layers() && c.options.stage.end_layer - first > 1 &&
                     plan.steps > 1 && plan.depth + plan.lag > 1 && !waits_for_head;
    const int64_t pairs = overlapping_pairs(plan);
    ASSERT_EQ(pairs > 0, may) << "seed " << seed << ", " << pairs << " pairs";
    ++(may ? with : without);
    c.options.pipelined = false;
    ASSERT_EQ(overlapping_pairs(c.plan()), 0) << "seed " << seed;
  }
  EXPECT_GT(with, kSeeds / 4);
  EXPECT_GT(without, kSeeds / 4);
}

TEST(Plan, LabelsFromTheHeadOfTheSameStepHoldLearningBackButNotTheNeutralRows) {
  PlanShape shape = three_layers();
  shape.labels_from_head = true;
  const Plan plan = make_plan(shape, pipelined(4));
  const PlanOrder order(plan);
  for (int64_t step = 0; step + 1 < 4; ++step) {
    const int64_t last = find_task(plan, TaskKind::update, 2, step);
    const int64_t draw = find_task(plan, TaskKind::draw_labels, -1, step + 1);
    EXPECT_TRUE(order.before(last, draw));
    EXPECT_TRUE(order.before(draw, find_task(plan, TaskKind::goodness, 0, step + 1)));
    EXPECT_FALSE(
        order.before(last, find_task(plan, TaskKind::goodness, 1, step + 1, RowClass::neutral)));
  }
}

TEST(Plan, LabelsOfAnEarlierHeadAreDrawnThatManyStepsAhead) {
  PlanShape shape = three_layers();
  shape.labels_from_head = true;
  for (shape.label_lag = 1; shape.label_lag <= 5; ++shape.label_lag) {
    const int64_t lag = shape.label_lag;
    const Plan plan = make_plan(shape, pipelined(12));
    const PlanOrder order(plan);
    for (int64_t step = lag + 1; step < 12; ++step) {
      for (int64_t l = 0; l < 3; ++l) {
        const int64_t neutral = find_task(plan, TaskKind::goodness, l, step, RowClass::neutral);
        EXPECT_TRUE(order.before(find_task(plan, TaskKind::update, l, step - lag - 1), neutral));
        EXPECT_TRUE(order.before(neutral, find_task(plan, TaskKind::update, l, step - lag)));
      }
    }
    EXPECT_GT(overlapping_pairs(plan), 0);
  }
}

TEST(Plan, Drains) {
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    const PlanCase c = random_case(random, true);
    const Plan plan = c.plan();
    const Stage& stage = c.options.stage;
    std::map<std::pair<TaskKind, int64_t>, std::vector<int64_t>> steps;
    for (const PlanTask& task : plan.tasks) steps[{task.kind, task.layer}].push_back(task.step);
    std::vector<int64_t> all;
    for (int64_t step = 0; step < c.options.steps; ++step) all.push_back(step);
    for (int64_t l = stage.first_layer; l < stage.end_layer; ++l) {
      EXPECT_EQ((steps[{TaskKind::update, l}]), all) << "seed " << seed;
    }
    if (stage.head) {
      EXPECT_EQ((steps[{TaskKind::head_learn, -1}]), all) << "seed " << seed;
    }
    if (plan.kept) all.clear();
    EXPECT_EQ((steps[{TaskKind::gather, -1}]), all) << "no batch is gathered in vain";
  }
}

TEST(Plan, DoesNotMakeAgainWhatIsKept) {
  PlanOptions options = pipelined(3);
  options.kept = true;
  for (int64_t l = 0; l < 3; ++l) {
    options.stage = {l, l + 1, false};
    const Plan plan = make_plan(three_layers(), options);
    EXPECT_EQ(joined(check_plan(plan)), "");
    PlanOptions whole = options;
    whole.kept = false;
    EXPECT_EQ(plan.most_lanes, int64_t(make_plan(three_layers(), whole).lanes.size()));
    for (const PlanTask& task : plan.tasks) {
      EXPECT_EQ(task.layer, l) << describe(task) << " is about what was kept";
    }
  }
  PlanShape shape = three_layers();
  shape.labels_from_head = true;
  EXPECT_THROW(make_plan(shape, options), Error) << "every step draws other labels";
}

TEST(Plan, RespectsTheMemoryLimit) {
  int64_t lowered = 0;
  for (int seed = 0; seed < kSeeds; ++seed) {
    std::mt19937 random{uint32_t(seed)};
    PlanCase c = random_case(random, true);
    const Plan roomy = c.plan();
    c.options.depth = 1;
    const int64_t least = c.plan().bytes();
    c.options.depth = roomy.depth;
    c.options.memory_limit = pick(random, least, roomy.bytes());
    const Plan plan = c.plan();
    EXPECT_LE(plan.bytes(), c.options.memory_limit) << "seed " << seed;
    EXPECT_EQ(joined(check_plan(plan)), "") << "seed " << seed;
    if (plan.depth < roomy.depth) {
      ++lowered;
      c.options.depth = plan.depth + 1;  // one more would not fit
      c.options.memory_limit = 0;
      EXPECT_GT(c.plan().bytes(), plan.bytes()) << "seed " << seed;
    }
    c.options.memory_limit = least - 1;
    SCOPED_TRACE(seed);
    expect_has(error_of(ExitCode::memory, [&] { c.plan(); }), std::to_string(least) + " bytes");
  }
  EXPECT_GT(lowered, kSeeds / 4);
}

TEST(Plan, HasAtMostAsManyBatchesInFlightAsItSays) {
  for (int64_t depth = 1; depth <= 5; ++depth) {
    PlanOptions options = pipelined(10);
    options.depth = depth;
    const Plan plan = make_plan(three_layers(), options);
    const PlanOrder order(plan);
    for (int64_t step = depth; step < 10; ++step) {
      const int64_t gather = find_task(plan, TaskKind::gather, -1, step);
      for (size_t t = 0; t < plan.tasks.size(); ++t) {
        if (plan.tasks[t].step <= step - depth) {
          EXPECT_TRUE(order.before(int64_t(t), gather)) << describe(plan.tasks[t]);
        }
      }
    }
    EXPECT_FALSE(depth > 1 && order.before(find_task(plan, TaskKind::update, 2, 0),
                                           find_task(plan, TaskKind::gather, -1, 1)));
  }
}

TEST(Plan, RefusesWhatCannotLearn) {
  PlanOptions options = pipelined(1);
  options.stage = {0, 4, true};
  EXPECT_THROW(make_plan(three_layers(), options), Error);
  options.stage = {0, 2, true};  // the head reads layer 2
  EXPECT_THROW(make_plan(three_layers(), options), Error);
  PlanShape shape = three_layers();
  shape.head = false;
  EXPECT_THROW(make_plan(shape, pipelined(1)), Error);
}

}  // namespace
}  // namespace ffwd::test
