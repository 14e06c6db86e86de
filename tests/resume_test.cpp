// Trainings that were stopped go on with the same bits, wherever they were stopped; and what is no
// state of a training is named.
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "host/training/batches.h"
#include "host/training/trainer.h"
#include "host/training/training_state.h"
#include "tests/devices.h"
#include "tests/safetensors_bytes.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

struct Outcome {
  std::vector<EpochMetrics> metrics;
  TrainingTotals totals;
  std::vector<NamedTensor> state;
};

constexpr int64_t kNever = -1;

class Resume : public OnDevice {
 protected:
  // With one OpenMP thread: on the CPU lanes share the threads out.
  void SetUp() override {
    OnDevice::SetUp();
    omp_set_num_threads(1);
  }
  void TearDown() override { omp_set_num_threads(threads_); }

  std::unique_ptr<Learner> learner(const Recipe& recipe) {
    const ExecutorKind executor = executor_.value_or(default_executor(recipe.training.schedule));
    return make_learner(device(), recipe, data_, {executor});
  }

  // Answers yes when it is asked for the `stop`-th time.
  Outcome run(const Recipe& recipe, int64_t stop) {
    const auto fresh = learner(recipe);
    Trainer trainer(*fresh, recipe, data_.train);
    return run(*fresh, trainer, stop);
  }
  static Outcome run(Learner& learner, Trainer& trainer, int64_t stop) {
    Outcome outcome;
    int64_t asked = 0;
    trainer.run([](const Progress&) {},
                [&](EpochMetrics& metrics) { outcome.metrics.push_back(metrics); },
                [&] { return ++asked == stop; });
    outcome.totals = trainer.totals();
    outcome.state = with_data(learner.state());
    return outcome;
  }

  // Another learner goes on from there by way of a file.
  Outcome go_on(const Recipe& recipe, const Outcome& stopped, int64_t stop) {
    const std::string path = folder_ / "state";
    TrainingState written;
    written.recipe = recipe;
    written.data = identity_of(data_.train);
    written.steps = stopped.totals.steps;
    const int64_t images = data_.train.count;
    written.epochs = written.steps / steps_an_epoch(images, batch_of(recipe, images));
    save_training_state(written, lazy(stopped.state), path);
    const SavedTraining read = load_training_state(path);
    const auto successor = learner(recipe);
    successor->load(read.learnt, path);
    Trainer trainer(*successor, recipe, data_.train);
    trainer.go_on_after(read.steps, read.train_seconds);
    return run(*successor, trainer, stop);
  }

  // Stops it everywhere, lastly at its end, and compares what comes of it with a training that was
  // left alone. The number of places before the end.
  int64_t expect_the_same_bits(const Recipe& recipe) {
    const Outcome whole = run(recipe, kNever);
    for (int64_t stop = 1;; ++stop) {
      const Outcome begun = run(recipe, stop);
      compare(whole, go_on(recipe, begun, kNever));
      if (HasFailure()) {
        ADD_FAILURE() << "stopped at the " << stop << ". place";
        return stop;
      }
      if (!begun.totals.stopped) return stop - 1;
    }
  }

  static void compare(const Outcome& whole, const Outcome& rest) {
    EXPECT_EQ(rest.totals.epochs, whole.totals.epochs);
    EXPECT_EQ(rest.totals.steps, whole.totals.steps);
    EXPECT_EQ(rest.totals.images_seen, whole.totals.images_seen);
    ASSERT_EQ(rest.state.size(), whole.state.size());
    for (size_t t = 0; t < rest.state.size(); ++t) {
      EXPECT_EQ(rest.state[t].data, whole.state[t].data) << rest.state[t].name;
    }
    // From the epoch on in which it was stopped.
    ASSERT_LE(rest.metrics.size(), whole.metrics.size());
    const size_t before = whole.metrics.size() - rest.metrics.size();
    for (size_t e = 0; e < rest.metrics.size(); ++e) {
      const EpochMetrics &a = rest.metrics[e], &b = whole.metrics[before + e];
      EXPECT_EQ(a.epoch, b.epoch);
      EXPECT_EQ(a.step, b.step);
      EXPECT_EQ(a.stage, b.stage);
      EXPECT_EQ(a.head_loss, b.head_loss);
      for (size_t l = 0; l < a.layers.size(); ++l) {
        ASSERT_EQ(a.layers[l].has_value(), b.layers[l].has_value());
        if (!a.layers[l]) continue;
        EXPECT_EQ(a.layers[l]->loss, b.layers[l]->loss);
      }
    }
  }

  std::optional<ExecutorKind> executor_;  // none: the schedule's own
  const int threads_ = omp_get_max_threads();
  const Dataset data_ = toy_dataset();
  const TemporaryFolder folder_;
};

TEST_P(Resume, WithMomentumPeersAndLabelsFromTheHead) {
  // On a device that queues, plans are longer than a step.
  EXPECT_GE(expect_the_same_bits(toy_recipe()), device().queues() ? 7 : 55);
}

TEST_P(Resume, OverAndOver) {
  const Recipe recipe = toy_recipe();
  const Outcome whole = run(recipe, kNever);
  Outcome last = run(recipe, 1);
  while (last.totals.stopped) last = go_on(recipe, last, 1);
  compare(whole, last);
}

TEST_P(Resume, LayerAfterLayerWithAdamInOneBatch) {
  Recipe recipe = toy_recipe();
  recipe.optimiser.kind = OptimiserKind::adam;
  recipe.negatives.labels = Negatives::fixed;
  recipe.training.schedule = Schedule::greedy;
  recipe.training.batch = 0;
  EXPECT_EQ(expect_the_same_bits(recipe), 15);  // three layers and a head, four steps each
}

// Two layers of 24 steps each: three by themselves and, where no evaluation is due, up to 16 at once.
TEST_P(Resume, InOneBatchOfWhichSomeArePlayedAtOnce) {
  Recipe recipe = toy_recipe();
  recipe.network.layers = dense_layers({20, 20});
  recipe.network.head = false;
  recipe.negatives.labels = Negatives::random;
  recipe.training.schedule = Schedule::greedy;
  recipe.training.batch = 0;
  recipe.training.epochs = 24;
  recipe.training.evaluate_every = 0;
  EXPECT_GE(expect_the_same_bits(recipe), 9);  // more where a step takes long
  recipe.training.evaluate_every = 10;
  EXPECT_GE(expect_the_same_bits(recipe), 11);
}

// What was kept of the input is computed anew, and by as many threads.
TEST_P(Resume, OnLanesThatShareThreads) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer does not see how OpenMP's threads wait for one another";
#endif
  omp_set_num_threads(3);
  executor_ = ExecutorKind::lanes;
  Recipe recipe = toy_recipe();
  recipe.network.layers = dense_layers({300, 300});
  recipe.optimiser.kind = OptimiserKind::adam;
  recipe.negatives.labels = Negatives::fixed;
  recipe.training.schedule = Schedule::greedy;
  recipe.training.batch = 0;
  EXPECT_EQ(expect_the_same_bits(recipe), 11);  // two layers and a head, four steps each
}

TEST_P(Resume, WithLayersAtOnceAndAHeadThatLags) {
  Recipe recipe = toy_recipe();
  recipe.negatives.lag = 2;
  recipe.optimiser.decay = RateDecay::linear_after_half;
  recipe.training.schedule = Schedule::pipelined;
  EXPECT_EQ(expect_the_same_bits(recipe), 7);  // whole batches, then the rest of the epoch
}

TEST_P(Resume, WithConvolutions) {
  Recipe recipe = toy_recipe();
  recipe.network.layers = {{LayerSpec::Kind::convolution, 8, 3, 1, 1},
                           {LayerSpec::Kind::max_pool},
                           {LayerSpec::Kind::dense, 20}};
  recipe.optimiser.kind = OptimiserKind::adam;
  recipe.negatives.labels = Negatives::random;
  recipe.training.epochs = 2;
  EXPECT_GE(expect_the_same_bits(recipe), device().queues() ? 3 : 27);
}

TEST_P(Resume, Backpropagation) {
  Recipe recipe = toy_recipe();
  recipe.network.normalise = NormKind::none;
  recipe.training.algorithm = Algorithm::backprop;
  EXPECT_EQ(expect_the_same_bits(recipe), 55);  // four epochs of 14 steps
}

FFWD_IN_EVERY_PRECISION_AND_QUEUED(Resume);

class TrainingStates : public testing::Test {
 protected:
  const TemporaryFolder folder_;
  TrainingState some_state() {
    TrainingState state;
    state.recipe = toy_recipe();
    state.recipe_file = "toy.toml";
    state.setup = {"a device", true, Precision::bf16, true, ExecutorKind::graph};
    state.data = {400, 0xcafe1234};
    state.epochs = 3;
    state.steps = 47;  // of 4 x 14
    state.train_seconds = 1.5;
    state.total_seconds = 2.25;
    return state;
  }
  std::vector<NamedTensor> some_tensors() {
    return with_data(make_learner(*device_, toy_recipe(), data_)->state());
  }
  void save(const TrainingState& state) { save_training_state(state, lazy(some_tensors()), path_); }

  std::string load_error(const std::string& bytes) {
    put(path_, bytes);
    return error_of(ExitCode::files, [&] { load_training_state(path_); });
  }

  const std::unique_ptr<Device> device_ = make_cpu_device();
  const Dataset data_ = toy_dataset();
  const std::string path_ = folder_ / "state";
};

TEST_F(TrainingStates, ComeBackAsTheyWere) {
  const TrainingState saved = some_state();
  save(saved);
  const SavedTraining loaded = load_training_state(path_);
  EXPECT_EQ(to_text(loaded.recipe), to_text(saved.recipe));
  EXPECT_EQ(loaded.recipe_file, saved.recipe_file);
  EXPECT_TRUE(loaded.setup == saved.setup);
  EXPECT_EQ(loaded.data.images, saved.data.images);
  EXPECT_EQ(loaded.data.crc, saved.data.crc);
  EXPECT_EQ(loaded.epochs, saved.epochs);
  EXPECT_EQ(loaded.steps, saved.steps);
  EXPECT_EQ(loaded.train_seconds, saved.train_seconds);
  EXPECT_EQ(loaded.total_seconds, saved.total_seconds);
  const std::vector<NamedTensor> tensors = some_tensors();
  ASSERT_EQ(loaded.learnt.tensors.size(), tensors.size());
  for (size_t t = 0; t < tensors.size(); ++t) {
    EXPECT_EQ(loaded.learnt.tensors[t].data, tensors[t].data);
  }
}

TEST_F(TrainingStates, BelongToTheirImages) {
  Dataset data = toy_dataset();
  TrainingState state = some_state();
  state.data = identity_of(data.train);
  EXPECT_NO_THROW(require_same_data(state, identity_of(data.train), path_));
  data.train.labels[3] ^= 1;
  EXPECT_THROW(require_same_data(state, identity_of(data.train), path_), DataError);
  data.train.labels[3] ^= 1;
  data.train.pixels.back() ^= 1;
  EXPECT_THROW(require_same_data(state, identity_of(data.train), path_), DataError);
}

TEST_F(TrainingStates, AreNotReplacedByWhatIsNotFinite) {
  const TrainingState state = some_state();
  save(state);
  const std::string good = content_of(path_);
  std::vector<NamedTensor> tensors = some_tensors();
  tensors.back().data.back() = NAN;
  error_of(ExitCode::not_finite, [&] { save_training_state(state, lazy(tensors), path_); });
  EXPECT_EQ(content_of(path_), good);
}

TEST_F(TrainingStates, MayHaveARecipeWhoseNameIsNoText) {
  TrainingState state = some_state();
  state.recipe_file = "\xff.toml";
  save(state);
  expect_has(load_training_state(path_).recipe_file, ".toml");
}

TEST_F(TrainingStates, DamageIsNamed) {
  expect_has(error_of(ExitCode::files, [&] { load_training_state(folder_ / "none"); }), "none");
  expect_has(load_error("nothing"), path_);
  expect_has(load_error(safetensors_bytes({}, {})), "it has no recipe");
  expect_has(load_error(safetensors_bytes({}, {{"recipe", ""}})), "it has no progress");
  expect_has(load_error(safetensors_bytes({}, {{"recipe", ""}, {"progress", "{"}})),
             "its progress: damaged");

  save(some_state());
  const std::string good = content_of(path_);
  expect_has(load_error(good.substr(0, good.size() / 2)), path_);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    EXPECT_EQ(from.size(), to.size());
    return text.replace(at, from.size(), to);
  };
  expect_has(load_error(with("\\\"steps\\\":47", "\\\"steps\\\":-7")), "\"steps\" is -7, expected");
  expect_has(load_error(with("\\\"steps\\\":47", "\\\"stops\\\":47")), "\"steps\" is missing");
  expect_has(load_error(with("\\\"steps\\\":47", "\\\"steps\\\":57")),
             "to the steps of the recipe's 4 epochs, 14 each");
  expect_has(load_error(with("\\\"steps\\\":47", "\\\"steps\\\":00")), "damaged");
  expect_has(load_error(with("\\\"steps\\\":47", "\\\"steps\\\": 0")), "a number from 1 to");
  expect_has(load_error(with("\\\"epochs\\\":3", "\\\"epochs\\\":2")),
             "\"epochs\" is 2, expected 3");
  expect_has(load_error(with("\\\"images\\\":400", "\\\"images\\\":  0")), "\"images\" is 0");
  expect_has(load_error(with("_seconds\\\":1.5", "_seconds\\\":-.5")), "damaged");
  expect_has(load_error(with("_seconds\\\":1.5", "_seconds\\\":-15")), "\"train_seconds\" is -15");
  expect_has(load_error(with("_seconds\\\":2.25", "_seconds\\\":null")),
             "\"total_seconds\" is null");
  expect_has(load_error(with("bf16", "fp23")), "\"precision\" is \"fp23\"");
  expect_has(load_error(with("graph", "grape")), "\"executor\" is \"grape\"");
  expect_has(load_error(with("epochs = 4", "epoch_ = 4")), "the recipe is damaged");
  expect_has(load_error(with("epochs = 4", "epochs = 5")), "its checksum");
  expect_has(load_error(with("toy.toml", "Toy.toml")), "its checksum");
  expect_has(load_error(with("\"crc\":", "\"crk\":")), "it has no crc");
}

TEST_F(TrainingStates, NoChangedBitPasses) {
  save(some_state());
  const std::string good = content_of(path_);
  for (size_t at = 0; at < good.size(); at += 101) {
    std::string bytes = good;
    bytes[at] = char(bytes[at] ^ (1 << at % 8));
    load_error(bytes);
  }
}

TEST_F(TrainingStates, OfAnotherNetworkAreRefused) {
  Recipe other = toy_recipe();
  other.network.layers = dense_layers({48, 40, 34});
  const auto learner = make_learner(*device_, other, data_);
  const SafetensorsFile learnt{some_tensors(), {}};
  expect_has(error_of(ExitCode::files, [&] { learner->load(learnt, "here"); }),
             "here: the tensor \"2.values\"");
  other = toy_recipe();
  other.optimiser.kind = OptimiserKind::adam;
  const auto adam = make_learner(*device_, other, data_);
  expect_has(error_of(ExitCode::files, [&] { adam->load(learnt, "here"); }),
             "\"0.moment2\" is missing");
  const auto same = make_learner(*device_, toy_recipe(), data_);
  SafetensorsFile more = learnt;
  more.tensors.push_back({"extra", {1}, {0}});
  expect_has(error_of(ExitCode::files, [&] { same->load(more, "here"); }), "here: holds");
  EXPECT_NO_THROW(same->load(learnt, "here"));
}

}  // namespace
}  // namespace ffwd::test
