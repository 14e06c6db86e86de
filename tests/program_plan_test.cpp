// `ffwd plan` as users meet it.
#include <gtest/gtest.h>

#include <sstream>

#include "tests/program.h"

namespace ffwd::test {
namespace {

// The lines of a table: from the one that starts with `head` up to an empty one, without the first.
std::vector<std::string> table(const std::string& text, const std::string& head) {
  std::istringstream lines(text.substr(text.find("\n" + head) + 1));
  std::vector<std::string> rows;
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && !line.empty()) rows.push_back(line);
  return rows;
}

TEST_F(Program, ShowsThePlanOfATraining) {
  const Outcome outcome = run("plan " + recipe_ + " --schedule pipelined --steps 2");
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  expect_contains(outcome.text, {recipe_ + ": pipelined, 2 steps of 50 images, fp32\n",
                                 "at most 4 batches in flight, ", "labels from the step's own head",
                                 "A model, nothing measured: "});
  std::istringstream lines(outcome.text.substr(outcome.text.find('\n') + 1));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;

  // Gather, show labels twice, product; neutral and learning rows in two layers, whose first needs no
  // forward; three of the head.
  const std::vector<std::string> tasks = table(outcome.text, " task");
  ASSERT_EQ(tasks.size(), 2 * (4 + (1 + 3) + (2 + 4) + 3)) << outcome.text;
  EXPECT_EQ(tasks[0], "    0 input        0 gather         all                   196 kB        1");
  // 2 * 100 rows * 40 inputs * 30 units; reads rows and weights, writes z.
  EXPECT_EQ(tasks[13],
            "   13 layer 1      0 forward        learning      240 k  32.8 kB        1 10");
  EXPECT_EQ(table(outcome.text, "lane").size(), 4u);
  const std::vector<std::string> buffers = table(outcome.text, "buffer");
  ASSERT_EQ(buffers.size(), 4u + 2 * 8 + 4);
  EXPECT_EQ(buffers[0], "images            191 kB     2    383 kB  gather");
  EXPECT_EQ(table(outcome.text, "steps").size(), 2u);
}

// Where every step learns from the same images, those after a stage's first one do less.
TEST_F(Program, ShowsThePlanOfStepsWhoseInputIsKept) {
  const Outcome outcome = run("plan " + recipe_ +
                              " --schedule greedy --set training.batch=0 --set network.head=false"
                              " --set negatives.labels=fixed --data-dir " +
                              folder_ / "data");
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  expect_contains(outcome.text,
                  {"layer 1 learns, 1 step of 300 images, fp32, the first one\n",
                   "layer 1 learns, 1 step of 300 images, fp32, each one after it\n"});
  const std::string second = outcome.text.substr(outcome.text.rfind("layer 1 learns"));
  EXPECT_EQ(table(second, " task").size(), 4u) << second;  // forward, rows, gradient, update
}

TEST_F(Program, ShowsOtherPlansOfTheSameRecipe) {
  const Outcome serial = run("plan " + recipe_);
  ASSERT_EQ(serial.code, 0) << serial.text;
  expect_contains(serial.text,
                  {": simultaneous, 3 steps of 50 images", "at most 1 batch in flight"});
  EXPECT_EQ(table(serial.text, "lane").size(), 1u);

  const Outcome greedy =
      run("plan " + recipe_ + " --schedule greedy --set negatives.labels=random");
  expect_contains(greedy.text, {"layer 0 learns", "layer 1 learns", "the head learns"});

  const std::string lagging = "plan " + recipe_ + " --schedule pipelined --set negatives.lag=3 ";
  expect_contains(run(lagging + "--precision bf16 --rates 10 100 5").text,
                  {"at most 7 batches in flight", "labels drawn 3 steps ahead", ", bf16\n",
                   "10 TFLOP/s, 100 GB/s, 5 us a launch.\n"});
  expect_contains(run(lagging + "--depth 2").text, {"at most 5 batches in flight"});
  expect_error(run(lagging + "--set training.batch=0 --set data.train_images=50"), ExitCode::recipe,
               {"negatives.lag is 3"});

  const std::string whole = "plan " + recipe_ + " --set training.batch=0 ";
  expect_contains(run(whole + "--data-dir " + folder_ / "data").text, {"steps of 300 images"});
  expect_contains(run(whole + "--data-dir " + folder_ / "data --set training.batch=1000").text,
                  {"steps of 300 images"});
  expect_contains(run(whole + "--set data.train_images=70").text, {"steps of 70 images"});

  expect_error(run("plan " + recipe_ + " --memory-limit 1KB"), ExitCode::memory,
               {"bytes at least", "the limit is 1000"});
  for (const std::string limit : {"-5", "0", "0GB"}) {
    expect_error(run("plan " + recipe_ + " --memory-limit " + limit), ExitCode::usage,
                 {"--memory-limit", "found " + limit, "500MB"});
  }
  expect_error(run("plan " + recipe_ +
                   " --set network.layers=[1000000,1]"
                   " --set training.batch=1000000000"),
               ExitCode::memory, {"1000000000 images", "layer 0", "more activities"});
  for (const std::string rates : {"nan 1 1", "0 1 1", "1 inf 1", "1 1 x"}) {
    expect_error(run("plan " + recipe_ + " --rates " + rates), ExitCode::usage,
                 {"--rates", "expected a number above 0"});
  }
  expect_error(run("plan " + recipe_ + " --depth 3"), ExitCode::usage, {"--depth", "pipelined"});
  expect_error(run("plan " + recipe_ + " --schedule lazy"), ExitCode::usage, {"lazy", "pipelined"});
  expect_error(run("plan " + recipe_ + " --set training.batch=-1"), ExitCode::recipe, {"-1"});
}

}  // namespace
}  // namespace ffwd::test
