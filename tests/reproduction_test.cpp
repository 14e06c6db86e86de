// Rows of a document: how they are found and reduced, which runs count as finished, and the pages
// that set them beside what the document states.
#include <cmath>
#include <filesystem>

#include "host/basics/file_io.h"
#include "host/reproduction/reproduction_report.h"
#include "tests/html_check.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"

namespace ffwd::test {
namespace {

namespace fs = std::filesystem;

class Reproductions : public testing::Test {
 protected:
  const TemporaryFolder folder_;

  // A run folder as a run leaves it.
  std::string finished(const std::string& name, const Recipe& recipe, bool interrupted = false) {
    const std::string path = folder_ / name;
    const RunFolder folder = RunFolder::create(path);
    folder.write_recipe(to_text(recipe));
    EpochMetrics metrics;
    metrics.epoch = 1;
    metrics.layers = {LayerMetrics{0.5, 2, 1}};
    folder.append_metrics(metrics);
    Summary summary;
    summary.device = device_->name();
    summary.precision = "fp32";
    summary.interrupted = interrupted;
    folder.write_summary(summary);
    return path;
  }

  std::unique_ptr<Device> device_ = make_cpu_device();
};

TEST_F(Reproductions, RowsAreTheRecipesByName) {
  folder_.write("b.toml", "title = \"second\"\n");
  folder_.write("a.toml",
                "title = \"first\"\n[training]\nepochs = 9\n[reference]\nsource = \"s\"\n");
  folder_.write("README.md", "no recipe");
  folder_.write("quick/a.toml", "# less\n[training]\nepochs = 3\n[network]\nlayers = [4,\n 5]\n");
  const auto rows = load_rows(folder_.path(), /*quick=*/false, {"training.seed=5"}, {});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].name, "a");
  EXPECT_EQ(rows[1].run.title, "second");
  EXPECT_EQ(rows[0].run.training.epochs, 9);
  EXPECT_EQ(rows[0].run.training.seed, 5u);
  EXPECT_EQ(rows[0].stated.training.seed, 1234u);

  const auto quick = load_rows(folder_.path(), /*quick=*/true, {"training.epochs=2"}, {});
  EXPECT_EQ(quick[0].run.training.epochs, 2);  // overrides come last
  EXPECT_EQ(quick[0].run.network.layers, dense_layers({4, 5}));
  EXPECT_EQ(quick[0].stated.training.epochs, 9);
  EXPECT_EQ(quick[0].run.title, "first (quick: reduced)");
}

TEST_F(Reproductions, RowsOnABaseAreReducedLikeIt) {
  folder_.write("a.toml", "[training]\nepochs = 9\n");
  folder_.write("deeper/b.toml", "base = \"../a.toml\"\ntitle = \"b\"\n");
  folder_.write("deeper/c.toml", "base = \"b.toml\"\n[training]\nbatch = 7\n");
  folder_.write("quick/a.toml", "training.epochs = 3\n");
  auto rows = load_rows(folder_ / "deeper", /*quick=*/true, {}, {});
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].run.training.epochs, 3);
  EXPECT_EQ(rows[1].run.training.epochs, 3);
  EXPECT_EQ(rows[1].run.training.batch, 7);
  EXPECT_EQ(rows[1].stated.training.epochs, 9);

  folder_.write("deeper/quick/b.toml", "training.epochs = 2\n");  // nearer
  rows = load_rows(folder_ / "deeper", /*quick=*/true, {}, {});
  EXPECT_EQ(rows[1].run.training.epochs, 2);
  folder_.write("deeper/b.toml", "base = \"c.toml\"\n");
  EXPECT_THROW(load_rows(folder_ / "deeper", /*quick=*/true, {}, {}), RecipeError);
}

TEST_F(Reproductions, AFolderWithoutRecipesIsRefused) {
  expect_has(error_of(ExitCode::files, [&] { load_rows(folder_.path(), false, {}, {}); }),
             folder_.path() + " holds no recipe");
}

TEST_F(Reproductions, OnlyTheSameRunIsFinished) {
  const Recipe recipe;
  Recipe other;
  other.training.epochs = 77;
  EXPECT_FALSE(finished_run(folder_ / "none", recipe, *device_));
  const std::string path = finished("run", recipe);
  const auto result = finished_run(path, recipe, *device_);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->metrics.at(0).layers.at(0)->loss, 0.5);
  EXPECT_FALSE(finished_run(path, other, *device_));
  EXPECT_FALSE(finished_run(finished("stopped", recipe, /*interrupted=*/true), recipe, *device_));
}

TEST_F(Reproductions, OnlyTheSameRunGoesOn) {
  const Recipe recipe;
  const std::string path = finished("stopped", recipe, /*interrupted=*/true);
  const ComputeSetup setup = setup_of(*device_, ExecutorKind::serial);
  EXPECT_FALSE(stopped_run(path, recipe, setup));
  TrainingState state;
  state.recipe = recipe;
  state.setup = setup;
  state.data.images = 60000;
  state.steps = 5;
  save_training_state(state, {}, path + "/" + kStateFile);
  EXPECT_EQ(stopped_run(path, recipe, setup)->steps, 5);

  const auto expect_refused = [&](const Recipe& wanted, const ComputeSetup& setup) {
    expect_has(error_of(ExitCode::files, [&] { stopped_run(path, wanted, setup); }),
               path + " holds a stopped run of another recipe, device or precision");
  };
  Recipe other;
  other.training.epochs = 77;
  expect_refused(other, setup);
  expect_refused(recipe, {"another", setup.gpu, setup.precision, false, setup.executor});
  expect_refused(recipe, {setup.device, true, setup.precision, false, setup.executor});
  expect_refused(recipe, {setup.device, setup.gpu, Precision::bf16, false, setup.executor});
  expect_refused(recipe, {setup.device, setup.gpu, setup.precision, true, setup.executor});
  expect_refused(recipe, {setup.device, setup.gpu, setup.precision, false, ExecutorKind::lanes});

  const std::string done = finished("done", recipe);
  save_training_state(state, {}, done + "/" + kStateFile);  // killed before it could remove it
  EXPECT_FALSE(stopped_run(done, recipe, setup));
}

TEST_F(Reproductions, UnfinishedRunsMakeWayAndNothingElseDoes) {
  const std::string stopped = finished("stopped", Recipe(), /*interrupted=*/true);
  RunFolder::restart(stopped);
  EXPECT_TRUE(fs::is_empty(stopped));
  RunFolder::restart(folder_ / "new");
  EXPECT_TRUE(fs::is_directory(folder_ / "new"));

  const std::string done = finished("done", Recipe());
  expect_has(error_of(ExitCode::files, [&] { RunFolder::restart(done); }),
             done + " holds a finished run");
  EXPECT_TRUE(fs::exists(done + "/summary.json"));
  folder_.write("mine/thesis.txt", "precious");
  folder_.write("mine/recipe.toml", "my own");
  expect_has(error_of(ExitCode::files, [&] { RunFolder::restart(folder_ / "mine"); }),
             "mine holds thesis.txt");
  EXPECT_EQ(read_file(folder_ / "mine/thesis.txt", 100), "precious");
  EXPECT_EQ(read_file(folder_ / "mine/recipe.toml", 100), "my own");

  folder_.write("killed/recipe.toml", "");
  folder_.write("killed/model.safetensors.tmp-123-0", "half");  // killed while it saved
  RunFolder::restart(folder_ / "killed");
  EXPECT_TRUE(fs::is_empty(folder_ / "killed"));
  fs::create_directories(folder_ / "folders/report.html");
  expect_has(error_of(ExitCode::files, [&] { RunFolder::restart(folder_ / "folders"); }),
             "folders holds report.html");
  folder_.write("file", "");
  expect_has(error_of(ExitCode::files, [&] { RunFolder::restart(folder_ / "file"); }),
             "Not a directory");
}

Reproduction some_reproduction(bool quick) {
  ReproductionRow dense{"dense", {}, {}, RunResult{}};
  dense.stated.objective.threshold = {2.0f};
  dense.stated.training.epochs = 1000;
  dense.stated.reference.train_accuracy = 93.0f;
  dense.stated.reference.losses = {0.4f};
  dense.run = dense.stated;
  dense.run.training.epochs = 60;
  dense.run.title = "a <dense> row";
  dense.result->summary.train_accuracy_goodness = 0.92;
  dense.result->summary.device = "CPU, 2 threads";
  EpochMetrics metrics;
  metrics.epoch = 1;
  metrics.layers = {LayerMetrics{0.5, 2, 1}, std::nullopt};
  dense.result->metrics = {metrics};
  metrics.layers = {std::nullopt, LayerMetrics{0.25, 2, 1}};
  metrics.stage = 1;
  dense.result->metrics.push_back(metrics);

  ReproductionRow conv{"conv", {}, {}, RunResult{}};
  conv.run.data.name = "cifar10";
  conv.run.reference.test_accuracy = 13.0f;
  conv.run.reference.prediction = Prediction::per_batch;
  conv.stated = conv.run;
  conv.result->summary.test_accuracy_per_batch = 0.10;
  conv.result->summary.test_accuracy_goodness = 0.40;

  ReproductionRow missing{"missing", {}, {}, std::nullopt};
  missing.run.reference.test_accuracy = 94.0f;
  return {"papers", quick, {}, {conv, dense, missing}};
}

TEST(ReproductionReport, SetsFiguresSideBySide) {
  const std::string text = reproduction_markdown(some_reproduction(false));
  for (const char* part :
       {"# Reproduction of papers\n", "## Accuracy on cifar10\n", "## Accuracy on mnist\n",
        "| dense | forward-forward | 2 | 93.00 % | 92.00 % | -1.00 points | \u2013 |",
        "| conv | forward-forward | width | \u2013 | \u2013 | \u2013 | 13.00 % | 10.00 % | "
        "-3.00 points |",
        "| conv | sum_squares, normalise rms | width | \u2013 | \u2013 | \u2013 | 13.00 % | "
        "10.00 % | 40.00 % |",  // image by image
        "| dense | loss of layer 0 | 0.40000 | 0.50000 | +25.00 % |",
        "| dense | loss of layer 1 | \u2013 | 0.25000 | \u2013 |", "1,000 \u2192 60",
        "| missing | forward-forward | width | \u2013 | \u2013 | \u2013 | 94.00 % | \u2013 | "
        "\u2013 |",
        "not run"}) {
    EXPECT_EQ(occurrences(text, part), 1u) << part << "\n" << text;
  }
  EXPECT_EQ(occurrences(text, "quick"), 0u);
}

TEST(ReproductionReport, SaysInEveryTableThatItIsReduced) {
  const std::string text = reproduction_markdown(some_reproduction(true));
  EXPECT_EQ(occurrences(text, "\n## "), 5u);
  EXPECT_EQ(occurrences(text, " (quick: reduced)\n"), 5u);
  expect_has(text, "no reproduction of the document's");
}

TEST(ReproductionReport, NamesWhatWasReplaced) {
  Reproduction reproduction = some_reproduction(false);
  reproduction.overrides = {"training.seed=9", "data.train_images=<300>"};
  expect_has(reproduction_markdown(reproduction),
             "\nNot run as the document has it: in every row training.seed=9, "
             "data.train_images=<300>.\n");
  expect_has(reproduction_page(reproduction),
             "training.seed=9, data.train_images=&lt;300&gt;.</p>");
}

TEST(ReproductionReport, IsAPageWithCurves) {
  const std::string html = reproduction_page(some_reproduction(true));
  EXPECT_EQ(html_fault(html), "");
  for (const char* part : {"a &lt;dense&gt; row", "dense/report.html", "-3.00 points",
                           "class=\"line c1 dashed\"", "class=\"warn\""}) {
    EXPECT_GE(occurrences(html, part), 1u) << part;
  }
  EXPECT_EQ(occurrences(html, "missing/report.html"), 0u);  // it was not run
  for (const char* part : {"http:", "https:", "<script", "<link", "url("}) {
    EXPECT_EQ(occurrences(html, part), 0u) << part;
  }
}

}  // namespace
}  // namespace ffwd::test
