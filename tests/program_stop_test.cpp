// What the program leaves behind when it is stopped or killed, and how it goes on from there.
#include <gtest/gtest.h>

#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/runs/run_folder.h"
#include "tests/program.h"

namespace ffwd::test {
namespace {

// Trains until there are some lines of metrics, then sends the signal.
class StoppedProgram : public Program {
 protected:
  Outcome train_and_send(const std::string& signal, const std::string& more) {
    Outcome outcome{};
    std::thread training([&] { outcome = run(train_arguments(kLong + more)); });
    wait_for_metrics(folder_ / "run/metrics.jsonl");
    EXPECT_EQ(
        std::system(("pkill -" + signal + " -f '^" FFWD_PROGRAM " train " + recipe_ + "'").c_str()),
        0);
    training.join();
    return outcome;
  }

  // That the run goes on to what a run makes that was left alone.
  void expect_the_same_end() {
    const Outcome resumed =
        run("resume " + folder_ / "run" + " --device cpu --data-dir " + folder_ / "data");
    ASSERT_EQ(resumed.code, 0) << resumed.text;
    expect_contains(resumed.text, {"done after", "test accuracy"});
    const std::string model = content_of(folder_ / "run/model.safetensors");
    const nlohmann::json summary = nlohmann::json::parse(content_of(folder_ / "run/summary.json"));
    EXPECT_FALSE(summary.at("interrupted"));
    EXPECT_EQ(summary.at("recipe"), "toy.toml");
    const std::vector<EpochMetrics> metrics = RunFolder::open(folder_ / "run").read_metrics();
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run/state.safetensors"));
    const Outcome again = run("resume " + folder_ / "run");
    EXPECT_EQ(again.code, int(ExitCode::files));
    expect_contains(again.text, {"cannot go on: it is finished"});

    std::filesystem::remove_all(folder_ / "run");
    ASSERT_EQ(run(train_arguments(kLong)).code, 0);
    EXPECT_EQ(content_of(folder_ / "run/model.safetensors"), model);
    const std::vector<EpochMetrics> whole = RunFolder::open(folder_ / "run").read_metrics();
    ASSERT_EQ(metrics.size(), whole.size());
    for (size_t e = 0; e < whole.size(); ++e) {
      EXPECT_EQ(metrics[e].step, whole[e].step);
      EXPECT_EQ(metrics[e].head_loss, whole[e].head_loss);
      EXPECT_EQ(metrics[e].layers.at(1)->loss, whole[e].layers.at(1)->loss);
      EXPECT_EQ(metrics[e].test_accuracy_head, whole[e].test_accuracy_head) << e;
    }
  }

  // Long enough for a signal to meet it.
  const std::string kLong = "--set training.epochs=400 --set network.layers=[60,60] ";
};

TEST_F(StoppedProgram, GoesOnAfterCtrlC) {
  const Outcome outcome = train_and_send("INT", "");
  EXPECT_EQ(outcome.code, int(ExitCode::interrupted)) << outcome.text;
  expect_contains(outcome.text, {"stopped by a signal", "ffwd resume " + folder_ / "run"});
  const auto summary = nlohmann::json::parse(content_of(folder_ / "run/summary.json"));
  EXPECT_TRUE(summary.at("interrupted"));
  EXPECT_TRUE(summary.at("train_accuracy_goodness").is_null());
  EXPECT_FALSE(summary.at("test_accuracy_goodness").is_null());
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/model.safetensors"));
  expect_the_same_end();
}

TEST_F(StoppedProgram, IgnoresASignalThatItsStarterIgnored) {
  const std::string command = "trap '' INT; " FFWD_PROGRAM " " + train_arguments(kLong) +
                              " > /dev/null 2>&1 & "
                              "until [ -s " +
                              folder_ / "run/metrics.jsonl" +
                              " ] || ! kill -0 $!; do sleep 0.01; done; kill -INT $! && wait $!";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_FALSE(nlohmann::json::parse(content_of(folder_ / "run/summary.json")).at("interrupted"));
}

TEST_F(StoppedProgram, GoesOnAfterItWasKilled) {
  const Outcome outcome = train_and_send("KILL", "--save-every 0");
  EXPECT_EQ(outcome.code, 128 + SIGKILL) << outcome.text;  // as the shell has it
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/summary.json"));
  expect_the_same_end();
}

// A folder where the report is to be stands in its way.
TEST_F(StoppedProgram, GoesOnFromTheEndWhereItsResultIsMissing) {
  Outcome outcome{};
  std::thread training([&] { outcome = run(train_arguments(kLong)); });
  wait_for_metrics(folder_ / "run/metrics.jsonl");
  std::filesystem::create_directory(folder_ / "run/report.html");
  training.join();
  EXPECT_EQ(outcome.code, int(ExitCode::files));
  expect_contains(outcome.text, {"report.html: it exists and is not a regular file"});
  std::filesystem::remove(folder_ / "run/report.html");
  expect_the_same_end();
}

TEST_F(StoppedProgram, SaysWhatIsOtherThanBefore) {
  {
    const Environment threads("OMP_NUM_THREADS", "1");
    train_and_send("INT", "");
  }
  const std::string resume = "resume " + folder_ / "run" + " --data-dir " + folder_ / "data" + " ";
  const Outcome algorithms = run(resume + "--matmul-algorithms m.json");
  EXPECT_EQ(algorithms.code, int(ExitCode::usage));
  expect_contains(algorithms.text, {"were not measured"});
  const Environment threads("OMP_NUM_THREADS", "3");
  const Outcome more = run(resume);
  EXPECT_EQ(more.code, 0) << more.text;
  expect_contains(more.text, {"not on CPU, 1 thread as before", "done after"});
}

TEST_F(StoppedProgram, IsNotGoneOnWithWhileItRuns) {
  Outcome training{}, second{};
  std::thread running([&] { training = run(train_arguments(kLong + "--save-every 0")); });
  wait_for_metrics(folder_ / "run/metrics.jsonl");
  second = run("resume " + folder_ / "run --data-dir " + folder_ / "data");
  EXPECT_EQ(second.code, int(ExitCode::files));
  expect_contains(second.text, {"another process is at work in"});
  running.join();
  EXPECT_EQ(training.code, 0) << training.text;
}

TEST_F(StoppedProgram, GoesOnFromNothingElse) {
  const Outcome nothing = run("resume " + folder_ / "none");
  EXPECT_EQ(nothing.code, int(ExitCode::files));
  expect_contains(nothing.text, {"there is no run folder", "none"});
  folder_.write("run/state.safetensors", "what is this");
  const Outcome damaged = run("resume " + folder_ / "run");
  EXPECT_EQ(damaged.code, int(ExitCode::files));
  expect_contains(damaged.text, {"state.safetensors"});
}

}  // namespace
}  // namespace ffwd::test
