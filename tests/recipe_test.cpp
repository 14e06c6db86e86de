// Recipes that are right: what is written reads back the same, in every spelling that the format
// allows, from text, from a file and from overrides. tests/recipe_errors_test.cpp has the wrong
// ones.
#include "host/recipe/recipe.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "host/recipe/recipe_fields.h"
#include "tests/temporary_folder.h"

namespace ffwd::test {
namespace {

// Fields by structured bindings: a new one that is not compared here does not compile.
void expect_same(const Recipe& left, const Recipe& right) {
  const auto same = [](const auto& a, const auto& b) { EXPECT_EQ(a, b); };
  const auto& [title, data, network, objective, negatives, optimiser, training, reference] = left;
  same(title, right.title);
  {
    const auto& [name, train_images, test_images, standardise, label_value, label_place] = data;
    same(name, right.data.name);
    same(train_images, right.data.train_images);
    same(test_images, right.data.test_images);
    same(standardise, right.data.standardise);
    same(label_value, right.data.label_value);
    same(label_place, right.data.label_place);
  }
  {
    const auto& [layers, activation, normalise, init, head] = network;
    same(layers, right.network.layers);
    same(activation, right.network.activation);
    same(normalise, right.network.normalise);
    same(init, right.network.init);
    same(head, right.network.head);
  }
  {
    const auto& [goodness, goodness_of, threshold, temperature, peer_strength, peer_momentum] =
        objective;
    same(goodness, right.objective.goodness);
    same(threshold, right.objective.threshold);
    same(temperature, right.objective.temperature);
    same(peer_strength, right.objective.peer_strength);
    same(peer_momentum, right.objective.peer_momentum);
  }
  {
    const auto& [labels, lag] = negatives;
    same(labels, right.negatives.labels);
    same(lag, right.negatives.lag);
  }
  {
    const auto& [kind, rate, weight_decay, momentum, beta1, beta2, eps, head_rate, head_decay,
                 decay] = optimiser;
    same(kind, right.optimiser.kind);
    same(rate, right.optimiser.learning_rate);
    same(weight_decay, right.optimiser.weight_decay);
    same(momentum, right.optimiser.momentum);
    same(beta1, right.optimiser.beta1);
    same(beta2, right.optimiser.beta2);
    same(eps, right.optimiser.eps);
    same(head_rate, right.optimiser.head_learning_rate);
    same(head_decay, right.optimiser.head_weight_decay);
    same(decay, right.optimiser.decay);
  }
  {
    const auto& [algorithm, schedule, epochs, batch, shuffle, seed, evaluate_every,
                 skip_first_layer] = training;
    same(algorithm, right.training.algorithm);
    same(shuffle, right.training.shuffle);
    same(schedule, right.training.schedule);
    same(epochs, right.training.epochs);
    same(batch, right.training.batch);
    same(seed, right.training.seed);
    same(evaluate_every, right.training.evaluate_every);
    same(skip_first_layer, right.training.skip_first_layer);
  }
  {
    const auto& [source, train_accuracy, test_accuracy, prediction, losses] = reference;
    same(source, right.reference.source);
    same(train_accuracy, right.reference.train_accuracy);
    same(test_accuracy, right.reference.test_accuracy);
    same(prediction, right.reference.prediction);
    same(losses, right.reference.losses);
  }
}

Recipe random_recipe(std::mt19937_64& random) {
  const auto below = [&](int64_t end) { return static_cast<int64_t>(random() % uint64_t(end)); };
  const auto any_float = [&](float high) {  // normal, of any exponent, from 0 to below `high`
    for (;;) {
      const auto bits = static_cast<uint32_t>(random());
      float value;
      std::memcpy(&value, &bits, sizeof value);
      if (std::isnormal(value) && value > 0.0f && value < high) return value;
    }
  };
  const auto random_layer = [&](LayerSpec::Kind kind) {
    LayerSpec layer;
    layer.kind = kind;
    if (layer.learns()) layer.units = 1 + below(1000000);
    if (layer.kind == LayerSpec::Kind::convolution) {
      layer.kernel = 1 + below(9);
      layer.stride = 1 + below(3);
      layer.padding = below(4);
      layer.groups = 1 + below(4);
    } else if (!layer.learns()) {
      layer.window = 1 + below(5);
    }
    return layer;
  };
  Recipe r;
  const std::string letters = "abc ,;#'`[]=.:%/";
  for (int64_t n = below(20); n > 0; --n) r.title += letters[size_t(below(16))];
  if (!r.title.empty() && r.title[0] == '\'') r.title[0] = 'x';
  r.data = {below(2) ? "mnist" : "fashion-mnist",
            0,
            below(1000),
            below(2) == 1,
            any_float(1e6f),
            LabelPlace::pixels};
  r.network.layers.clear();
  size_t learning = 0;
  for (int64_t n = 2 + below(5); n > 0; --n) {
    r.network.layers.push_back(random_layer(LayerSpec::Kind(below(2))));
    if (below(2)) r.network.layers.push_back(random_layer(LayerSpec::Kind(2 + below(2))));
    ++learning;
  }
  if (r.network.layers[0].kind == LayerSpec::Kind::convolution)
    r.data.label_place = LabelPlace(below(2));
  r.network.activation = Activation(below(2));
  r.network.normalise = NormKind(below(3));
  r.network.init = WeightInit(below(2));
  r.network.head = below(2) == 1;
  r.objective = {Goodness(below(std::size(kGoodnesses))),
                 GoodnessOf(below(2)),
                 {},
                 any_float(1e3f),
                 any_float(1e3f),
                 any_float(1.0f)};
  const size_t counts[] = {0, 1, learning};
  for (size_t n = counts[below(3)]; n > 0; --n) {
    r.objective.threshold.push_back(below(2) ? any_float(1e6f) : -any_float(1e6f));
  }
  r.negatives.labels = Negatives(below(r.network.head ? 3 : 2));
  if (r.negatives.labels == Negatives::head) r.negatives.lag = int64_t(below(5));
  r.optimiser = {OptimiserKind(below(2)), any_float(1e3f),    any_float(1.0f), any_float(1.0f),
                 any_float(1.0f),         any_float(1.0f),    any_float(1e3f), any_float(1e3f),
                 any_float(1.0f),         RateDecay(below(2))};
  const auto is_dense = [](const LayerSpec& layer) { return layer.kind == LayerSpec::Kind::dense; };
  const auto& layers = r.network.layers;
  const bool backprop = std::all_of(layers.begin(), layers.end(), is_dense) && r.network.head &&
                        r.network.normalise == NormKind::none && below(2) == 1;
  r.training = {backprop ? Algorithm::backprop : Algorithm::forward_forward,
                Schedule(below(2)),
                1 + below(1000),
                below(1000),
                below(2) == 1,
                random(),
                below(1000),
                below(2) == 1};
  if (backprop || r.negatives.labels == Negatives::head)
    r.training.schedule = Schedule::simultaneous;
  r.reference.source = r.title;
  if (below(2)) r.reference.train_accuracy = any_float(100.0f);
  if (below(2)) r.reference.test_accuracy = any_float(100.0f);
  r.reference.prediction = Prediction(below(2));
  for (size_t n = below(2) * r.network.layers.size(); n > 0; --n) {
    r.reference.losses.push_back(any_float(1e6f));
  }
  return r;
}

TEST(Recipe, DefaultsRoundTrip) {
  expect_same(parse_recipe("", "empty"), Recipe());
  expect_same(parse_recipe(to_text(Recipe()), "text"), Recipe());
  expect_same(parse_recipe(recipe_reference(), "reference"), Recipe());
}

TEST(Recipe, RandomRecipesRoundTrip) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 500 && !HasFailure(); ++i) {
    const Recipe recipe = random_recipe(random);
    const std::string text = to_text(recipe);
    SCOPED_TRACE(text);
    expect_same(parse_recipe(text, "text"), recipe);
  }
}

TEST(Recipe, ReferenceTellsEveryKeyItsDefaultAndWhatItTakes) {
  for (const RecipeField& field : recipe_fields()) {
    const std::string lines = "# " + field.meaning + " (" + field.expected + ")\n" + field.key +
                              " = " + field.write(Recipe()) + "\n";
    EXPECT_NE(recipe_reference().find(lines), std::string::npos) << lines;
  }
}

TEST(Recipe, NamesStandForWhatTheySay) {
  const auto with = [](const std::string& line) { return parse_recipe(line, "text"); };
  const auto goodness = [&](const char* name) {
    return with(std::string("objective.goodness = ") + name).objective.goodness;
  };
  EXPECT_EQ(goodness("sum_squares"), Goodness::sum_squares);
  EXPECT_EQ(goodness("mean_squares"), Goodness::mean_squares);
  EXPECT_EQ(goodness("sum_abs"), Goodness::sum_abs);
  EXPECT_EQ(goodness("mean_abs"), Goodness::mean_abs);
  EXPECT_EQ(with("network.activation = relu").network.activation, Activation::relu);
  EXPECT_EQ(with("network.activation = leaky_relu").network.activation, Activation::leaky_relu);
  EXPECT_EQ(with("network.normalise = l2").network.normalise, NormKind::l2);
  EXPECT_EQ(with("network.normalise = rms").network.normalise, NormKind::rms);
  EXPECT_EQ(with("network.init = normal").network.init, WeightInit::normal);
  EXPECT_EQ(with("network.init = uniform").network.init, WeightInit::uniform);
  EXPECT_EQ(with("negatives.labels = fixed").negatives.labels, Negatives::fixed);
  EXPECT_EQ(with("negatives.labels = random").negatives.labels, Negatives::random);
  EXPECT_EQ(with("negatives.labels = head").negatives.labels, Negatives::head);
  EXPECT_EQ(with("optimiser.kind = momentum").optimiser.kind, OptimiserKind::momentum);
  EXPECT_EQ(with("optimiser.kind = adam").optimiser.kind, OptimiserKind::adam);
  EXPECT_EQ(with("optimiser.decay = constant").optimiser.decay, RateDecay::constant);
  EXPECT_EQ(with("optimiser.decay = linear_after_half").optimiser.decay,
            RateDecay::linear_after_half);
  EXPECT_EQ(with("training.algorithm = forward-forward").training.algorithm,
            Algorithm::forward_forward);
  EXPECT_EQ(with("training.algorithm = backprop\nnetwork.normalise = none").training.algorithm,
            Algorithm::backprop);
  EXPECT_EQ(with("training.schedule = simultaneous").training.schedule, Schedule::simultaneous);
  EXPECT_EQ(with("training.schedule = greedy").training.schedule, Schedule::greedy);
  EXPECT_EQ(with("training.schedule = pipelined").training.schedule, Schedule::pipelined);
  EXPECT_EQ(with("reference.prediction = per_image").reference.prediction, Prediction::per_image);
  EXPECT_EQ(with("reference.prediction = per_batch").reference.prediction, Prediction::per_batch);
}

TEST(Recipe, EverySpellingOfTheFormat) {
  const Recipe recipe = parse_recipe(
      "\xEF\xBB\xBF# a byte order mark and a comment with \" and [\r\n"
      "title = \"Ein schöner Versuch, #1 = [gut] # wirklich's\"  # and a comment\r\n"
      "data.name=fashion-mnist\n"
      "\n"
      " [ network ] # layers\n"
      "layers = [ 10 , # first\n"
      "\n"
      "  20\n"
      "  ,30,]\n"
      "activation = leaky_relu\n"
      "[objective]\n"
      "threshold = [1, -2.5, 3e2]\n"
      "[network]\n"
      "\thead\t=\tfalse",
      "text");
  EXPECT_EQ(recipe.title, "Ein schöner Versuch, #1 = [gut] # wirklich's");
  EXPECT_EQ(recipe.data.name, "fashion-mnist");
  EXPECT_EQ(recipe.network.layers, dense_layers({10, 20, 30}));
  EXPECT_EQ(recipe.network.activation, Activation::leaky_relu);
  EXPECT_EQ(recipe.objective.threshold, (std::vector<float>{1.0f, -2.5f, 300.0f}));
  EXPECT_FALSE(recipe.network.head);
}

TEST(Recipe, ThresholdIsOneNumberOrOneForEachLayerOrTheWidth) {
  const auto threshold = [](const std::string& value) {
    return parse_recipe("objective.threshold = " + value, "text").objective.threshold;
  };
  EXPECT_EQ(threshold("2"), std::vector<float>{2.0f});
  EXPECT_EQ(threshold("[2]"), std::vector<float>{2.0f});
  EXPECT_EQ(threshold("[1, 2, 3]"), (std::vector<float>{1.0f, 2.0f, 3.0f}));
  EXPECT_EQ(threshold("\"width\""), std::vector<float>());
}

TEST(Recipe, OverridesComeAfterTheFileAndTheLastOneWins) {
  const Recipe recipe = parse_recipe(
      "title = \"before\"\n[training]\nepochs = 3\n", "text",
      {"training.epochs=4", "training.epochs=5", "title=Two words, and a #", "data.name = mnist",
       "network.layers=[7, 8]", "objective.threshold=[1,2]", "negatives.labels=\"fixed\""});
  EXPECT_EQ(recipe.title, "Two words, and a #");
  EXPECT_EQ(recipe.training.epochs, 5);
  EXPECT_EQ(recipe.network.layers, dense_layers({7, 8}));
  EXPECT_EQ(recipe.objective.threshold, (std::vector<float>{1.0f, 2.0f}));
  EXPECT_EQ(recipe.negatives.labels, Negatives::fixed);
  EXPECT_EQ(parse_recipe("", "text", {"title="}).title, "");
}

TEST(Recipe, FromAFile) {
  const std::filesystem::path path =
      std::filesystem::path(testing::TempDir()) / "ffwd_recipe_test.toml";
  std::mt19937_64 random(2);
  Recipe recipe = random_recipe(random);
  recipe.network.layers = dense_layers({7, 8});  // they fit any images
  recipe.objective.threshold = {};
  recipe.data.label_place = LabelPlace::pixels;
  std::ofstream(path) << to_text(recipe);
  expect_same(load_recipe(path.string()), recipe);
  EXPECT_EQ(load_recipe(path.string(), {"training.epochs=77"}).training.epochs, 77);
  std::filesystem::remove(path);
}

TEST(Recipe, StartsFromItsBase) {
  const TemporaryFolder folder;
  folder.write("one.toml", "title = \"one\"\n[training]\nepochs = 3\nbatch = 5\n");
  folder.write("in/two.toml", "base = \"../one.toml\"\ntraining.epochs = 4\n");
  folder.write("in/three.toml", "# a comment\nbase = \"two.toml\"\n[training]\nseed = 9\n");
  const Recipe recipe = load_recipe(folder / "in/three.toml", {"training.batch=6"});
  EXPECT_EQ(recipe.title, "one");
  EXPECT_EQ(recipe.training.epochs, 4);
  EXPECT_EQ(recipe.training.seed, 9u);
  EXPECT_EQ(recipe.training.batch, 6);
  EXPECT_EQ(base_recipe(folder / "in/three.toml"), folder / "in/two.toml");
  EXPECT_FALSE(base_recipe(folder / "one.toml"));
  expect_same(parse_recipe(to_text(recipe), "text"), recipe);  // written as a whole
}

TEST(Recipe, ShippedRecipesLoad) {
  const std::filesystem::path folder = FFWD_RECIPES;
  int count = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    const std::filesystem::path& path = entry.path();
    const std::filesystem::path in = path.parent_path();
    if (path.extension() != ".toml") continue;
    SCOPED_TRACE(path);
    if (in.filename() == "quick") {  // parts of recipes, read with them by reproduction_test.cpp
      EXPECT_TRUE(std::filesystem::exists(in.parent_path() / path.filename()));
      continue;
    }
    EXPECT_NE(load_recipe(entry.path().string()).title, "");
    ++count;
  }
  EXPECT_GE(count, 3);
  const Recipe greedy = load_recipe((folder / "investigations/fc-threshold-0.toml").string());
  EXPECT_EQ(greedy.data.label_value, float((1.0 - 0.1307) / 0.3081));
  EXPECT_EQ(greedy.reference.losses.size(), greedy.network.layers.size());
}

}  // namespace
}  // namespace ffwd::test
