// ffwd reproduce as users meet it: every row of the investigations at toy size, going on after a
// stop, and documents of one's own.
#include "tests/program.h"

namespace ffwd::test {
namespace {

using Reproduce = Program;

TEST_F(Reproduce, EveryRowOfTheInvestigations) {
  write_cifar10();
  const std::string command = "reproduce investigations --quick --device cpu --data-dir " +
                              folder_ / "data" + " --out " + folder_ / "out" +
                              " --set data.train_images=20 --set data.test_images=10"
                              " --set training.batch=15 --set training.epochs=2";
  const Outcome first = run(command);
  ASSERT_EQ(first.code, 0) << first.text;
  const std::string results = content_of(folder_ / "out/results.md");
  for (const std::string row : {"backprop", "fc-threshold-0", "fc-threshold-2", "fc-threshold-3",
                                "trial-7", "trial-8", "trial-9"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / ("out/" + row + "/model.safetensors"))) << row;
    expect_contains(results, {"| " + row + " |"});
  }
  expect_contains(results, {"93.58 %", "0.41640", "13.00 %", "0.37221", "0.21310", "50,000"});
  EXPECT_EQ(occurrences(results, "not run"), 0u) << results;
  EXPECT_EQ(occurrences(results, "\n## "), occurrences(results, "(quick: reduced)\n"));
  expect_contains(content_of(folder_ / "out/report.html"), {"trial-9/report.html", "<svg"});
  expect_contains(content_of(folder_ / "out/trial-7/report.html"), {"(quick: reduced)"});

  // Nothing is run again but what is not finished.
  const Outcome second = run(command);
  EXPECT_EQ(second.code, 0) << second.text;
  EXPECT_EQ(occurrences(second.text, ": finished before"), 7u) << second.text;
  EXPECT_EQ(content_of(folder_ / "out/results.md"), results);
  std::filesystem::remove(folder_ / "out/backprop/summary.json");
  const Outcome third = run(command);
  EXPECT_EQ(third.code, 0) << third.text;
  EXPECT_EQ(occurrences(third.text, ": finished before"), 6u) << third.text;
  EXPECT_TRUE(std::filesystem::exists(folder_ / "out/backprop/summary.json"));

  // What is finished is not lost to another recipe.
  const Outcome seed = run(command + " --set training.seed=5 --only backprop");
  EXPECT_EQ(seed.code, int(ExitCode::files)) << seed.text;
  expect_contains(seed.text, {folder_ / "out/backprop", "another recipe"});
}

TEST_F(Reproduce, AFolderOfRecipesHere) {
  const std::string toml =
      "[data]\nname = \"mnist\"\ntrain_images = 100\n[network]\nlayers = [20, 10]\n"
      "[training]\nepochs = 1\n[reference]\ntest_accuracy = 50\n";
  folder_.write("tools/recipes/mine/b.toml", toml);
  folder_.write("tools/recipes/mine/a.toml", toml);
  const auto here = [&](const std::string& arguments) {
    return run("reproduce " + arguments + " --device cpu --data-dir data", folder_.path());
  };
  const Outcome one = here("mine --only b");
  ASSERT_EQ(one.code, 0) << one.text;
  const std::string results = content_of(folder_ / "runs/mine/results.md");
  expect_contains(results, {"| a |", "not run", "| b |", "50.00 %"});
  EXPECT_EQ(occurrences(results, "quick"), 0u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/mine/a"));

  const Outcome row = here("mine --only nope");
  EXPECT_EQ(row.code, int(ExitCode::usage));
  expect_contains(row.text, {"--only nope: there is no such row\n"});
  expect_contains(here("mine --only nope --set network.layers=[0]").text, {"there is no such row"});
  // A damaged row is in the way only if it is asked for.
  folder_.write("runs/mine/b/summary.json", "{");
  EXPECT_EQ(here("mine").code, int(ExitCode::files));
  const Outcome other = here("mine --only a --set training.seed=9");
  EXPECT_EQ(other.code, 0) << other.text;
  expect_contains(other.text, {"row b counts as not run: runs/mine/b/summary.json"});
  expect_contains(content_of(folder_ / "runs/mine/results.md"),
                  {"in every row training.seed=9.", "| b |", "not run"});
  // So is one that cannot take what is set: it has two thresholds.
  folder_.write("tools/recipes/mine/b.toml", "base = \"a.toml\"\nobjective.threshold = [1, 2]\n");
  const std::string set = "mine --set network.layers=[9,8,7]";
  EXPECT_EQ(here(set + " --only a --out narrow").code, 0);
  EXPECT_EQ(occurrences(content_of(folder_ / "narrow/results.md"), "| b |"), 0u);
  EXPECT_EQ(here(set + " --only b --out narrow").code, int(ExitCode::recipe));
  folder_.write("tools/recipes/mine/b.toml", toml);
  // Nothing trains if a later row cannot.
  folder_.write("runs/mine/b/thesis.txt", "precious");
  std::filesystem::remove_all(folder_ / "runs/mine/a");
  std::filesystem::remove(folder_ / "runs/mine/b/summary.json");
  const auto expect_untrained = [&](ExitCode code, const std::vector<std::string>& parts) {
    const Outcome outcome = here("mine");
    EXPECT_EQ(outcome.code, int(code)) << outcome.text;
    expect_contains(outcome.text, parts);
    EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/mine/a"));
  };
  expect_untrained(ExitCode::files, {"row b: ", "thesis.txt"});
  std::filesystem::remove(folder_ / "runs/mine/b/thesis.txt");
  folder_.write("tools/recipes/mine/b.toml", "[data]\nname = \"cifar10\"\n");
  expect_untrained(ExitCode::data, {"row b: ", "cifar10"});
  folder_.write("tools/recipes/mine/b.toml", "network.layers = [\"conv 64 k29\", 5]\n");
  expect_untrained(ExitCode::recipe, {"mine/b.toml: network.layers: entry 1: "});
  folder_.write("tools/recipes/mine/b.toml", toml);

  for (const std::string name : {"''", ".", "../"}) {
    const Outcome nameless = here(name);
    EXPECT_EQ(nameless.code, int(ExitCode::usage)) << nameless.text;
    expect_contains(nameless.text, {"the document has no name"});
  }
  const Outcome help = here("--help");
  expect_contains(help.text, {"runs/<document>-quick"});
  const Outcome document = here("yours");
  EXPECT_EQ(document.code, int(ExitCode::usage));
  expect_contains(document.text, {"tools/recipes/yours", "investigations"});
  folder_.write("tools/recipes/mine/a.toml", "[data]\nnames = \"mnist\"\n");
  const Outcome recipe = here("mine");
  EXPECT_EQ(recipe.code, int(ExitCode::recipe));
  expect_contains(recipe.text, {"mine/a.toml:2", "data.name"});
}

TEST_F(Reproduce, ARowGoesOnWhereItWasStopped) {
  folder_.write("tools/recipes/mine/long.toml",
                "[data]\nname = \"mnist\"\n[network]\nlayers = [60, 60]\n"
                "[training]\nepochs = 400\nbatch = 50\n");
  const std::string arguments = "reproduce mine --device cpu --data-dir data";
  Outcome first{};
  std::thread running([&] { first = run(arguments, folder_.path()); });
  wait_for_metrics(folder_ / "runs/mine/long/metrics.jsonl");
  // The only one in that folder.
  EXPECT_EQ(std::system(("for p in $(pgrep -f '^" FFWD_PROGRAM " reproduce mine'); do"
                         " [ $(readlink /proc/$p/cwd) != " +
                         folder_.path() + " ] || kill -INT $p; done")
                            .c_str()),
            0);
  running.join();
  EXPECT_EQ(first.code, int(ExitCode::interrupted)) << first.text;
  expect_contains(first.text, {"epoch 1/400", "the same command goes on with long"});
  const Outcome second = run(arguments, folder_.path());
  EXPECT_EQ(second.code, 0) << second.text;
  EXPECT_EQ(occurrences(second.text, "epoch 1/400"), 0u) << second.text;
  expect_contains(second.text, {"epoch 400/400"});
  EXPECT_EQ(occurrences(content_of(folder_ / "runs/mine/long/metrics.jsonl"), "\n"), 400);
  EXPECT_EQ(occurrences(run(arguments, folder_.path()).text, "finished before"), 1);
}

}  // namespace
}  // namespace ffwd::test
