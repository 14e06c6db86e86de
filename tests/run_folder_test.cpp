// The run folder: everything reads back, trouble is named, and no trouble leaves half a file
// behind.
#include "host/runs/run_folder.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "host/basics/file_io.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"

namespace ffwd::test {
namespace {

namespace fs = std::filesystem;

class RunFolderTest : public testing::Test {
 protected:
  const TemporaryFolder folder_;
};

EpochMetrics some_metrics() {
  EpochMetrics m;
  m.epoch = 2;
  m.step = 1200;
  m.seconds = 3.125;
  m.images_per_second = 38400.5;
  m.stage = 1;
  m.layers = {std::nullopt, LayerMetrics{0.1, 612.5, 1.0 / 3}};
  m.test_accuracy_head = 0.9862;
  return m;
}

Summary some_summary() {
  Summary s;
  s.title = "Three \"layers\" & ä";
  s.recipe = "quick";
  s.dataset = "mnist";
  s.device = "cpu";
  s.precision = "fp32";
  s.measured_algorithms = true;
  s.seed = ~0ull;
  s.commit = "94ab607";
  s.version = "0.1.0";
  s.threads = 2;
  s.epochs = 20;
  s.steps = 12000;
  s.train_seconds = 41.5;
  s.total_seconds = 44;
  s.images_per_second = 29000;
  s.parameters = 908510;
  s.test_accuracy_goodness = 0.9859;
  s.interrupted = true;
  s.confusion = {{5, 1}, {0, 7}};
  s.class_names = {"cat", "dog"};
  return s;
}

TEST_F(RunFolderTest, GoesIfNothingWasLearnt) {
  for (const std::string path : {"/run/", "/some/more/run"}) {
    const RunFolder folder = RunFolder::create(folder_.path() + path);
    folder.write_recipe("epochs = 1\n");
    put(folder.metrics_path(), "");
    folder.remove_if_nothing_was_learnt();
    EXPECT_EQ(files_in(folder_.path()), 0u) << path;
  }

  fs::create_directory(folder_ / "mine");
  const RunFolder there = RunFolder::create(folder_ / "mine");
  there.write_recipe("epochs = 1\n");
  there.remove_if_nothing_was_learnt();
  EXPECT_EQ(files_in(folder_ / "mine"), 0u);

  const RunFolder learnt = RunFolder::create(folder_ / "run");
  learnt.write_recipe("epochs = 1\n");
  learnt.append_metrics(some_metrics());
  learnt.remove_if_nothing_was_learnt();
  EXPECT_EQ(files_in(folder_ / "run"), 2u);
}

TEST_F(RunFolderTest, OpensAgainWhileThereIsAState) {
  const std::string path = folder_ / "run", state = path + "/" + kStateFile;
  expect_has(error_of(ExitCode::files, [&] { RunFolder::reopen(path); }),
             "there is no run folder " + path);
  {
    const RunFolder folder = RunFolder::create(path);
    for (const int64_t epoch : {1, 2, 3}) {
      EpochMetrics metrics = some_metrics();
      metrics.epoch = epoch;
      folder.append_metrics(metrics);
    }
    expect_has(error_of(ExitCode::files, [&] { RunFolder::reopen(path); }),
               "it has left no state.safetensors");
    put(state, "");
    expect_has(error_of(ExitCode::files, [&] { RunFolder::reopen(path); }),
               "another process is at work in " + path);
    folder.write_summary(some_summary());  // of a run that was stopped
  }
  put(state + ".tmp-1-0", "half");
  {
    const RunFolder again = RunFolder::reopen(path);
    EXPECT_FALSE(fs::exists(state + ".tmp-1-0"));
    expect_has(error_of(ExitCode::files, [&] { again.keep_metrics(4); }),
               "has 3 lines, expected 4 or more");
    again.keep_metrics(2);
    ASSERT_EQ(again.read_metrics().size(), 2u);
    EXPECT_EQ(again.read_metrics()[1].epoch, 2);
    const std::string fine = content_of(again.metrics_path());
    put(again.metrics_path(), "rubbish\n" + fine);
    expect_has(error_of(ExitCode::files, [&] { again.keep_metrics(2); }), "line 1: damaged");
    put(again.metrics_path(), fine);
    again.keep_metrics(0);
    EXPECT_TRUE(again.read_metrics().empty());
    Summary summary = some_summary();
    summary.interrupted = false;
    again.write_summary(summary);
  }
  expect_has(error_of(ExitCode::files, [&] { RunFolder::reopen(path); }),
             "cannot go on: it is finished");
}

TEST_F(RunFolderTest, ReadsBackWhatWasWritten) {
  const std::string path = folder_ / "deep/run";
  const RunFolder written = RunFolder::create(path);
  EpochMetrics second = some_metrics();
  second.layers[1]->loss = NAN;
  second.head_loss = 0.25;
  written.append_metrics(some_metrics());
  written.append_metrics(second);
  written.write_recipe("[data]\nname = \"mnist\"\n");
  written.write_summary(some_summary());
  written.write_report("<html/>");

  const RunFolder run = RunFolder::open(path);
  const std::vector<EpochMetrics> metrics = run.read_metrics();
  ASSERT_EQ(metrics.size(), 2u);
  EXPECT_EQ(to_json(metrics[0]), to_json(some_metrics()));
  EXPECT_EQ(metrics[0].layers[1]->goodness_neg, 1.0 / 3);  // no digit is lost
  EXPECT_FALSE(metrics[0].layers[0] || metrics[0].head_loss || metrics[0].test_accuracy_goodness);
  EXPECT_TRUE(std::isnan(metrics[1].layers[1]->loss));
  EXPECT_EQ(metrics[1].head_loss, 0.25);
  EXPECT_EQ(to_json(run.read_summary()), to_json(some_summary()));
  EXPECT_EQ(run.read_summary().seed, ~0ull);
  EXPECT_EQ(run.read_recipe(), "[data]\nname = \"mnist\"\n");
  EXPECT_EQ(read_file(run.report_path(), 100), "<html/>");
  EXPECT_EQ(files_in(path), 4u);
}

TEST_F(RunFolderTest, WritesTheDocumentedLine) {
  EXPECT_EQ(to_json(some_metrics()),
            "{\"epoch\":2,\"step\":1200,\"seconds\":3.125,\"images_per_second\":38400.5,"
            "\"stage\":1,\"layers\":[null,{\"loss\":0.1,\"goodness_pos\":612.5,"
            "\"goodness_neg\":0.3333333333333333}],\"head_loss\":null,"
            "\"test_accuracy_goodness\":null,\"test_accuracy_head\":0.9862}");
}

TEST_F(RunFolderTest, EveryLineCanBeReadAtOnce) {
  const RunFolder run = RunFolder::create(folder_.path());
  for (size_t lines = 1; lines <= 3; ++lines) {
    run.append_metrics(some_metrics());
    EXPECT_EQ(run.read_metrics().size(), lines);
  }
}

// A run that went on after its summary, and was killed while it wrote.
TEST_F(RunFolderTest, LinesAfterTheSummaryCanBeLeftOut) {
  const RunFolder run = RunFolder::create(folder_.path());
  EpochMetrics metrics = some_metrics();
  run.append_metrics(metrics);
  metrics.step += 600;
  run.append_metrics(metrics);
  append_to_file(run.metrics_path(), "{\"epoch\":");
  const int64_t first = metrics.step - 600;
  Summary summary = some_summary();
  summary.interrupted = true;
  const auto lines_up_to = [&](int64_t steps) {
    summary.steps = steps;
    return run.read_metrics_of(summary).size();
  };
  EXPECT_EQ(lines_up_to(first - 1), 0u);
  EXPECT_EQ(lines_up_to(first), 1u);
  EXPECT_EQ(lines_up_to(first + 300), 1u) << "it ended within an epoch";
  EXPECT_EQ(lines_up_to(metrics.step), 2u);
  EXPECT_EQ(lines_up_to(metrics.step + 300), 2u);
  summary.interrupted = false;
  EXPECT_EQ(lines_up_to(metrics.step), 2u);
  for (const int64_t steps : {first - 1, first + 300, metrics.step + 300}) {
    expect_contains(error_of(ExitCode::files, [&] { lines_up_to(steps); }),
                    {run.metrics_path(), "does not end with step " + std::to_string(steps)});
  }
  error_of(ExitCode::files, [&] { run.read_metrics(); });
}

TEST_F(RunFolderTest, ReopenTidiesUpAfterARunThatWasKilledAtItsEnd) {
  const RunFolder run = RunFolder::create(folder_.path());
  run.write_summary({});
  put(run.state_path(), "state");
  expect_has(error_of(ExitCode::files, [&] { RunFolder::reopen(folder_.path()); }),
             "it is finished");
  EXPECT_FALSE(fs::exists(run.state_path()));
}

TEST_F(RunFolderTest, CreateTakesAnEmptyFolderOnly) {
  RunFolder::create(folder_.path());
  put(folder_ / "note", "mine");
  expect_has(error_of(ExitCode::files, [&] { RunFolder::create(folder_.path()); }),
             folder_.path() + " is not empty");
  EXPECT_EQ(read_file(folder_ / "note", 100), "mine");
  error_of(ExitCode::files, [&] { RunFolder::create(folder_ / "note"); });
  error_of(ExitCode::files, [&] { RunFolder::create(folder_ / "note/run"); });
}

TEST_F(RunFolderTest, OpenWantsAFinishedRun) {
  expect_has(error_of(ExitCode::files, [&] { RunFolder::open(folder_ / "none"); }),
             "there is no run folder");
  expect_has(error_of(ExitCode::files, [&] { RunFolder::open(folder_.path()); }),
             "it has no summary.json");
}

TEST_F(RunFolderTest, ReportsAFullDiskWhileTraining) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  const RunFolder run = RunFolder::create(folder_.path());
  fs::create_symlink("/dev/full", run.metrics_path());
  expect_has(error_of(ExitCode::files, [&] { run.append_metrics(some_metrics()); }),
             "metrics.jsonl: No space left");
}

TEST_F(RunFolderTest, NamesDamage) {
  const RunFolder run = RunFolder::create(folder_.path());
  const auto metrics_error = [&](const std::string& text) {
    put(run.metrics_path(), text);
    return error_of(ExitCode::files, [&] { run.read_metrics(); });
  };
  const std::string line = to_json(some_metrics());
  expect_has(error_of(ExitCode::files, [&] { run.read_metrics(); }), "metrics.jsonl: No such file");
  expect_has(metrics_error(line + "\n" + line), "line 2: damaged, it ends within the line");
  expect_has(metrics_error(line + "\n{]\n"), "line 2: damaged, not well-formed JSON");
  expect_has(metrics_error("[]\n"), "line 1: expected a JSON object");
  expect_has(metrics_error("{}\n"), "\"epoch\" is missing");
  expect_has(metrics_error("{\"epoch\":1.5}\n"), "\"epoch\" is 1.5, expected a whole number");
  expect_has(metrics_error("{\"epoch\":-1}\n"), "\"epoch\" is -1");

  const auto summary_error = [&](const std::string& from, const std::string& to) {
    std::string text = to_json(some_summary());
    text.replace(text.find(from), from.size(), to);
    put(run.summary_path(), text);
    return error_of(ExitCode::files, [&] { run.read_summary(); });
  };
  expect_has(summary_error("}", ""), "summary.json: damaged");
  expect_has(summary_error("\"cpu\"", "7"), "\"device\" is 7, expected a string");
  expect_has(summary_error("0.9859", "98.59"), "is 98.59, expected a fraction");
  expect_has(summary_error("\"interrupted\": true", "\"interrupted\": 1"),
             "\"interrupted\" is 1, expected true or false");
  expect_has(summary_error("\"measured_algorithms\": true", "\"measured_algorithms\": 1"),
             "\"measured_algorithms\" is 1, expected true or false");
  expect_has(summary_error("\"dog\"", "null"), "\"class_names\" is array, expected");
  expect_has(summary_error("\"dog\"", "\"dog\", \"cow\""), "\"confusion\" is array, expected");
  expect_has(summary_error("41.5", std::string(50000, '[') + std::string(50000, ']')),
             "\"train_seconds\" is array, expected a number");
}

TEST_F(RunFolderTest, SurvivesEveryTruncationAndFlippedBit) {
  const std::string whole = to_json(some_summary());
  const auto survives = [](const std::string& text) {
    try {
      parse_summary(text, "memory");
    } catch (const FileError&) {
    }
  };
  for (size_t at = 0; at < whole.size(); ++at) {
    EXPECT_THROW(parse_summary(whole.substr(0, at), "memory"), FileError);
    for (int bit = 0; bit < 8; ++bit) {
      std::string text = whole;
      text[at] = static_cast<char>(text[at] ^ (1 << bit));
      survives(text);
    }
  }
}

TEST_F(RunFolderTest, MendsTextThatIsNotUtf8) {
  Summary summary = some_summary();
  summary.title = "\xff title";
  EXPECT_EQ(parse_summary(to_json(summary), "memory").title, "\uFFFD title");
}

}  // namespace
}  // namespace ffwd::test
