// A trace has every task of the plans that it records, each on its lane, one after another there and
// overlapping across lanes, with its step in the run.
#include "host/plan/trace.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/plan/executor.h"
#include "tests/random_plans.h"
#include "tests/temporary_folder.h"

namespace ffwd::test {
namespace {

TEST(Trace, ShowsEveryTaskOnItsLane) {
  PlanShape shape;
  shape.image = {5, 4, 1};
  shape.classes = 4;
  shape.layers = dense_shapes(shape.image, {8, 6, 5});
  shape.batch = 5;
  PlanOptions options;
  options.stage = {0, 3, true};
  options.steps = 6;
  options.pipelined = true;
  const Plan plan = make_plan(shape, options);

  const auto device = make_cpu_device();
  const auto executor = make_executor(ExecutorKind::lanes, *device);
  Trace trace(*device, 2);
  const auto prepared = executor->prepare(plan, [&](const PlanTask& task, Device& lane) {
    auto begin = trace.start(lane);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    trace.end(plan, task, lane, std::move(begin));
  });
  for (const int64_t step : {0, 6, 12}) {
    trace.begin_plan(step);
    prepared->play();
  }
  const TemporaryFolder folder;
  trace.write(folder / "trace.json");

  const auto file = nlohmann::json::parse(content_of(folder / "trace.json"));
  std::map<int, std::vector<std::pair<double, double>>> of_row;
  std::map<int, std::string> lane_of_row;
  std::map<int64_t, size_t> of_step;
  for (const auto& event : file.at("traceEvents")) {
    const int row = event.value("tid", -1);
    if (event.at("ph") == "X") {
      of_row[row].emplace_back(event.at("ts"), event.at("dur"));
      ++of_step[event.at("args").at("step")];
    } else if (event.at("name") == "thread_name") {
      lane_of_row[row] = event.at("args").at("name");
    }
  }
  ASSERT_EQ(of_row.size(), plan.lanes.size());
  ASSERT_EQ(of_step.size(), 12u) << "two plans of six steps, not the third";
  size_t tasks = 0;
  bool side_by_side = false;
  for (auto& [row, boxes] : of_row) {
    EXPECT_NE(std::find(plan.lanes.begin(), plan.lanes.end(), lane_of_row[row]), plan.lanes.end());
    std::sort(boxes.begin(), boxes.end());
    double end = 0;
    for (const auto& [begin, duration] : boxes) {
      EXPECT_GE(begin, end) << "a lane does one task at a time";
      EXPECT_GE(duration, 1000.0) << "microseconds";
      end = begin + duration;
      for (const auto& [other_row, others] : of_row) {
        for (const auto& [other, lasts] : others) {
          side_by_side |= other_row != row && other < end && begin < other + lasts;
        }
      }
    }
    tasks += boxes.size();
  }
  EXPECT_EQ(tasks, 2 * plan.tasks.size());
  EXPECT_TRUE(side_by_side) << "some task of one lane during one of another";
}

}  // namespace
}  // namespace ffwd::test
