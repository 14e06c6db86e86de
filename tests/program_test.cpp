// The program as users meet it: what it prints, what it leaves behind, and its exit codes.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/device/cuda_status.h"
#include "engine/files/safetensors.h"
#include "host/data/png.h"
#include "host/runs/run_folder.h"
#include "tests/program.h"
#include "tests/safetensors_bytes.h"

namespace ffwd::test {
namespace {

TEST_F(Program, TrainsAndLeavesARunFolder) {
  const Outcome outcome = run(train_arguments());
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  expect_contains(outcome.text, {"test accuracy by goodness", "by head", "report: "});
  for (const char* file :
       {"recipe.toml", "metrics.jsonl", "summary.json", "model.safetensors", "report.html"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / ("run/" + std::string(file)))) << file;
  }
  const auto summary = nlohmann::json::parse(content_of(folder_ / "run/summary.json"));
  EXPECT_EQ(summary.at("steps"), 12);
  EXPECT_EQ(summary.at("epochs"), 2);
  EXPECT_FALSE(summary.at("interrupted"));
  EXPECT_GT(summary.at("train_seconds"), 0.0);
  EXPECT_EQ(summary.at("device").get<std::string>().substr(0, 3), "CPU");

  const Outcome eval =
      run("eval " + folder_ / "run" + " --device cpu --per-batch --data-dir " + folder_ / "data");
  ASSERT_EQ(eval.code, 0) << eval.text;
  const auto percent = [&](const char* key) {
    char text[16];
    std::snprintf(text, sizeof text, "%.2f %%", 100 * double(summary.at(key)));
    return std::string(text);
  };
  expect_contains(eval.text,
                  {"mnist: 60 test images", "goodness " + percent("test_accuracy_goodness"),
                   "per batch " + percent("test_accuracy_per_batch") + ": one class"});

  const Outcome report = run("report " + folder_ / "run" + " --data-dir " + folder_ / "data");
  EXPECT_EQ(report.code, 0) << report.text;
}

TEST_F(Program, OverlapsLayersAndTracesThem) {
  const std::string trace = folder_ / "trace.json";
  const Outcome outcome = run(train_arguments("--schedule pipelined --trace " + trace));
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  const auto events = nlohmann::json::parse(content_of(trace)).at("traceEvents");
  std::set<std::string> lanes, tasks;
  for (const auto& event : events) {
    if (event.at("ph") == "X") tasks.insert(event.at("name"));
    if (event.at("name") == "thread_name") lanes.insert(event.at("args").at("name"));
  }
  EXPECT_EQ(lanes, (std::set<std::string>{"input", "layer 0", "layer 1", "head"}));
  EXPECT_EQ(tasks.count("forward"), 1u);
  EXPECT_EQ(tasks.count("update"), 1u);
}

TEST_F(Program, RefusesWhatAnExecutorCannotDo) {
  const auto refused = [&](const std::string& options, ExitCode code,
                           const std::vector<std::string>& words) {
    expect_error(run(train_arguments(options)), code, words);
  };
  refused("--executor graph", ExitCode::device, {"--executor graph", "GPU"});
  refused("--executor fast", ExitCode::usage, {"fast", "lanes"});
  refused("--schedule lazy", ExitCode::usage, {"lazy", "pipelined"});
  for (const char* steps : {"5", "5:5", "6:5", "-1:5", "a:b", ":"}) {
    refused(std::string("--profile-steps ") + steps, ExitCode::usage, {"FIRST:END", "20:25"});
  }
  refused("--profile-steps 1:2", ExitCode::device, {"--profile-steps", "GPU"});
  refused("--trace /no/such/folder/trace.json", ExitCode::files, {"/no/such/folder"});
}

TEST_F(Program, ShowsWhatTheSourceStates) {
  const Outcome outcome =
      run(train_arguments("--set reference.test_accuracy=99.5 --set reference.losses=[0.5,0.25] "
                          "--set reference.source=somebody"));
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  expect_contains(outcome.text, {"test accuracy: ", "99.50 % stated, difference ",
                                 "loss of layer 1: ", "0.25000 stated"});
  const std::string report = content_of(folder_ / "run/report.html");
  expect_contains(report, {"Beside the source", "somebody", "99.50 %"});
  ASSERT_EQ(run("report " + folder_ / "run" + " --data-dir " + folder_ / "data").code, 0);
  EXPECT_EQ(content_of(folder_ / "run/report.html"), report);

  const Outcome without = run("report " + folder_ / "run" + " --data-dir " + folder_ / "none");
  EXPECT_EQ(without.code, 0);
  expect_contains(without.text, {"no images in the report: the data set mnist is not here"});
  EXPECT_EQ(occurrences(content_of(folder_ / "run/report.html"), "<img"), 0u);

  put(folder_ / "run/metrics.jsonl", "");
  const Outcome damaged = run("report " + folder_ / "run");
  EXPECT_EQ(damaged.code, int(ExitCode::files));
  expect_contains(damaged.text, {"metrics.jsonl: does not end with step"});
}

TEST_F(Program, TrainsTheBackpropagationBaseline) {
  const std::string backprop =
      "--set training.algorithm=backprop --set network.normalise=none --set "
      "negatives.labels=random";
  for (const std::string option :
       {"--executor lanes", "--profile-steps 0:1", "--trace trace.json"}) {
    expect_error(run(train_arguments(backprop + " " + option)), ExitCode::usage,
                 {option.substr(0, option.find(' ')), "backpropagation"});
  }
  const Outcome outcome = run(train_arguments(backprop));
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  expect_contains(outcome.text, {"\ntest accuracy by head ", "  | test accuracy by head "});
  const auto summary = nlohmann::json::parse(content_of(folder_ / "run/summary.json"));
  EXPECT_TRUE(summary.at("test_accuracy_goodness").is_null());
  EXPECT_TRUE(summary.at("test_accuracy_head").is_number());
  const Outcome eval = run("eval " + folder_ / "run" + " --device cpu");
  EXPECT_EQ(eval.code, int(ExitCode::files)) << eval.text;
  expect_contains(eval.text, {"model.safetensors", "backpropagation"});
  const Outcome plan = run("plan " + recipe_ + " --data-dir " + folder_ / "data" + " " + backprop);
  EXPECT_EQ(plan.code, int(ExitCode::recipe)) << plan.text;
  expect_contains(plan.text, {"training.algorithm"});
}

TEST_F(Program, PredictsPngImages) {
  ASSERT_EQ(run(train_arguments()).code, 0);
  const auto write_png = [&](const std::string& name, int64_t side) {
    const auto png = encode_png(toy_images(1, side, 10, 3).pixels, {side, side, 1});
    return folder_.write(name, {png.begin(), png.end()});
  };
  const std::string good = write_png("good.png", 28);
  const Outcome outcome =
      run("predict " + folder_ / "run/model.safetensors" + " --device cpu " + good + " " + good);
  EXPECT_EQ(outcome.code, 0) << outcome.text;
  expect_contains(outcome.text, {good + ": ", "by goodness", "by head"});
  const Outcome small =
      run("predict " + folder_ / "run" + " --device cpu " + write_png("small.png", 20));
  EXPECT_EQ(small.code, int(ExitCode::data));
  expect_contains(small.text, {"small.png: 20x20 pixels, expected 28x28"});
}

TEST_F(Program, ScoresNothingThatIsNotFinite) {
  ASSERT_EQ(run(train_arguments()).code, 0);
  const std::string path = folder_ / "run/model.safetensors";
  SafetensorsFile model = decode_safetensors(content_of(path), path);
  for (float& weight : model.tensors.at(2).data) weight *= 1e30f;  // squares are infinite
  folder_.write("run/model.safetensors", safetensors_bytes(model.tensors, model.metadata));
  const auto png = encode_png(toy_images(1, 28, 10, 3).pixels, {28, 28, 1});
  const std::string image = folder_.write("image.png", {png.begin(), png.end()});
  for (const std::string& command : {"eval " + folder_ / "run --data-dir " + folder_ / "data",
                                     "predict " + path + " " + image}) {
    const Outcome outcome = run(command + " --device cpu");
    EXPECT_EQ(outcome.code, int(ExitCode::not_finite)) << outcome.text;
    expect_contains(outcome.text, {"image 1 is no finite number"});
  }
}

TEST_F(Program, SaysThatARecordedRecipeIsDamaged) {
  ASSERT_EQ(run(train_arguments()).code, 0);
  folder_.write("run/recipe.toml", "what is this");
  const Outcome outcome = run("report " + folder_ / "run");
  EXPECT_EQ(outcome.code, int(ExitCode::files)) << outcome.text;
  expect_contains(outcome.text, {"the recipe is damaged: ", "run/recipe.toml"});
}

// Fewer than OMP_NUM_THREADS asks for: as if it had asked for those alone.
TEST_F(Program, DoesAllWorkOnTheThreadsThatItGets) {
  const std::string train =
      "train " + recipe_ + " --data-dir " + folder_ / "data" + " --set network.layers=[300,300]";
  const auto trained = [&](const std::string& name, const char* wanted, const char* limit) {
    const Environment threads("OMP_NUM_THREADS", wanted), most("OMP_THREAD_LIMIT", limit);
    const Outcome outcome = run(train + " --out " + folder_ / name);
    EXPECT_EQ(outcome.code, 0) << outcome.text;
    return content_of(folder_ / name + "/model.safetensors");
  };
  EXPECT_TRUE(trained("limited", "3", "1") == trained("asked", "1", "8"));
}

TEST_F(Program, RepeatsBitForBit) {
  ASSERT_EQ(run(train_arguments()).code, 0);
  const std::string first = content_of(folder_ / "run/model.safetensors");
  std::filesystem::remove_all(folder_ / "run");
  ASSERT_EQ(run(train_arguments()).code, 0);
  EXPECT_EQ(content_of(folder_ / "run/model.safetensors"), first);
  std::filesystem::remove_all(folder_ / "run");
  ASSERT_EQ(run(train_arguments("--seed 99")).code, 0);
  EXPECT_NE(content_of(folder_ / "run/model.safetensors"), first);
}

TEST_F(Program, ExplainsWhatIsWrongWithARecipe) {
  expect_error(run(train_arguments("--set training.epoch=3")), ExitCode::recipe,
               {"training.epoch", "training.epochs"});
  expect_error(run(train_arguments("--set training.epochs=-3")), ExitCode::recipe,
               {"training.epochs", "-3"});
  for (const std::string seed : {"-1", "99999999999999999999", "\"\""}) {
    expect_error(run(train_arguments("--seed " + seed)), ExitCode::usage,
                 {"--seed", "an integer from 0", seed == "\"\"" ? "" : seed});
  }
  expect_error(run(train_arguments("--set optimiser.kind=sgd")), ExitCode::recipe,
               {"optimiser.kind", "momentum"});
  expect_error(run(train_arguments("--set data.train_images=301")), ExitCode::recipe,
               {"301", "300"});
  expect_error(run("train " + folder_ / "none.toml"), ExitCode::recipe, {"none.toml"});
  expect_error(run(train_arguments("--set 'network.layers=[\"conv 4 k99\",5]'")), ExitCode::recipe,
               {recipe_ + " --set network.layers=[", "]: network.layers: entry 1: "});
}

TEST_F(Program, ABatchIsNotLargerThanTheData) {
  const Outcome outcome = run(train_arguments("--set training.batch=1000000000"));
  EXPECT_EQ(outcome.code, 0) << outcome.text;
}

TEST_F(Program, AFailedRunDoesNotBlockTheNext) {
  const Outcome outcome = run(train_arguments("--set objective.temperature=1e-30"));
  EXPECT_EQ(outcome.code, int(ExitCode::not_finite)) << outcome.text;
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
}

TEST_F(Program, ExplainsWhatIsWrongWithData) {
  const std::string images = folder_ / "data/mnist/train-images-idx3-ubyte";
  const std::string whole = content_of(images);
  std::ofstream(images, std::ios::binary) << whole.substr(0, whole.size() / 2);
  expect_error(run(train_arguments()), ExitCode::data, {"train-images-idx3-ubyte"});
  std::filesystem::remove(images);
  expect_error(run(train_arguments()), ExitCode::data, {"mnist", "ffwd data fetch mnist"});
}

TEST_F(Program, ExplainsTheCommandLine) {
  expect_error(run(""), ExitCode::usage, {"subcommand"});
  expect_error(run("trian"), ExitCode::usage,
               {"there is no command trian, did you mean train?", "--help"});
  expect_error(run("data fecth mnist"), ExitCode::usage, {"no command fecth, did you mean fetch?"});
  expect_error(run("nonsense"), ExitCode::usage, {"there is no command nonsense (see"});
  expect_error(run(train_arguments("--precision fp64")), ExitCode::usage, {"--precision", "fp64"});
  expect_error(run(train_arguments("--precision tf32")), ExitCode::device, {"tf32", "GPU"});
  expect_error(run(train_arguments("--matmul-algorithms " + folder_ / "a.json")), ExitCode::device,
               {"--matmul-algorithms", "a.json", "GPU"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "a.json"));
  expect_error(run(train_arguments("--save-every nan")), ExitCode::usage, {"--save-every", "nan"});
  for (const std::string words : {"doctor", "--help", "train --help", "--version"}) {
    EXPECT_EQ(run(words + " >/dev/full").code, int(ExitCode::files)) << words;
  }
  EXPECT_EQ(run("plan --set training.batch=10 " + recipe_ + " --steps 1").code, 0);
  expect_error(run("data fetch mnits"), ExitCode::data, {"mnits", "mnist"});
  const Outcome help = run("--help");
  EXPECT_EQ(help.code, 0);
  expect_contains(help.text,
                  {"train", "plan", "eval", "predict", "report", "data", "doctor", "Exit codes"});
  EXPECT_EQ(run("doctor").code, 0);
  const std::string labels = "data/mnist/t10k-labels-idx1-ubyte";
  folder_.write(labels, content_of(folder_ / labels).substr(0, 20));
  expect_contains(run("doctor --data-dir " + folder_ / "data").text,
                  {"mnist         not usable: " + folder_ / labels});
  EXPECT_EQ(run("data list").code, 0);
}

TEST_F(Program, WantsAGpuOnlyWhenAskedForOne) {
  if (cuda_status().problem.empty()) GTEST_SKIP() << "there is a GPU";
  expect_error(run("train " + recipe_ + " --device cuda --out " + folder_ / "run" + " --data-dir " +
                   folder_ / "data"),
               ExitCode::device, {"--device cuda", "no usable GPU"});
}

TEST_F(Program, DoesNotOverwriteAFolder) {
  folder_.write("run/thesis.txt", "precious");
  const Outcome outcome = run(train_arguments());
  EXPECT_EQ(outcome.code, int(ExitCode::files)) << outcome.text;
  expect_contains(outcome.text, {folder_ / "run"});
  EXPECT_EQ(content_of(folder_ / "run/thesis.txt"), "precious");
}

TEST_F(Program, SaysThatAFileMayNotGrow) {
  rlimit before = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit limit = {64 << 10, before.rlim_max};  // bytes
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const Outcome outcome = run(train_arguments());
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(outcome.code, int(ExitCode::files)) << outcome.text;
  expect_contains(outcome.text, {"model.safetensors", "File too large"});
  for (const auto& file : std::filesystem::directory_iterator(folder_ / "run")) {
    EXPECT_EQ(file.path().filename().string().find(".tmp-"), std::string::npos) << file.path();
  }
}

TEST_F(Program, SaysThatTheDiskIsFull) {
  const std::string disk = folder_ / "disk";
  std::filesystem::create_directory(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0)
    GTEST_SKIP() << "needs the right to mount a tmpfs";
  const Outcome outcome = run("train " + recipe_ + " --device cpu --data-dir " + folder_ / "data" +
                              " --out " + disk + "/run");
  const bool model = std::filesystem::exists(disk + "/run/model.safetensors");
  umount(disk.c_str());
  EXPECT_EQ(outcome.code, int(ExitCode::files)) << outcome.text;
  expect_contains(outcome.text, {"model.safetensors", "No space left"});
  EXPECT_FALSE(model);
}

}  // namespace
}  // namespace ffwd::test
