// Recipes that are wrong: each is refused with one line that names the place, the key, what was
// found and what was expected. The samples of right and wrong values stand here, apart from the
// table in host/recipe/recipe_fields.cpp, and every key of that table must have some.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>

#include "host/basics/errors.h"
#include "host/recipe/recipe.h"
#include "host/recipe/recipe_fields.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"

namespace ffwd::test {
namespace {

using Words = std::vector<std::string>;

void expect_parts(const std::string& message, const Words& parts) {
  expect_contains(message, parts);
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

void expect_refused(const std::string& text, const Words& parts) {
  SCOPED_TRACE(text.substr(0, 200));
  expect_parts(error_of(ExitCode::recipe, [&] { parse_recipe(text, "some.toml"); }), parts);
}

void expect_override_refused(const std::string& text, const Words& parts) {
  SCOPED_TRACE(text.substr(0, 200));
  expect_parts(error_of(ExitCode::recipe, [&] { parse_recipe("", "some.toml", {text}); }), parts);
}

struct Samples {
  Words right, wrong;
};

const Words kNoNumbers = {"nan",   "-nan", "inf",  "-inf", "1e39", "12abc",
                          "1.5.2", "0x10", "\"\"", "true", "[1]",  "1,5"};
const Words kNoIntegers = {"nan",  "inf",  "1.0",  "1e3", "12abc",
                           "0x10", "\"\"", "true", "[1]", "9223372036854775808000"};
const Words kNoSwitches = {"1", "0", "yes", "True", "\"\"", "nan", "[true]"};
const Words kNoNames = {"1", "nan", "\"\"", "no_such_name", "[relu, l2]", "Width"};

Samples number(Words right, Words wrong) {
  wrong.insert(wrong.end(), kNoNumbers.begin(), kNoNumbers.end());
  return {right, wrong};
}

Samples integer(Words right, Words wrong) {
  wrong.insert(wrong.end(), kNoIntegers.begin(), kNoIntegers.end());
  return {right, wrong};
}

// Wrong ones that are numbers lie just outside of the range, right ones on its ends.
const std::map<std::string, Samples> kSamples = {
    {"title", {{"\"\"", "\"a b\"", "plain"}, {"[a]"}}},
    {"data.name", {{"mnist", "fashion-mnist", "cifar10"}, kNoNames}},
    {"data.train_images", integer({"100", "1000000000"}, {"-1", "1000000001"})},
    {"data.test_images", integer({"0", "1000000000"}, {"-1", "1000000001"})},
    {"data.standardise", {{"true", "false"}, kNoSwitches}},
    {"data.label_value", number({"-1e6", "1e6", "0", "1"}, {"-1.1e6", "1.1e6"})},
    {"data.label_place", {{"pixels"}, kNoNames}},  // waves need another key too
    {"network.layers",
     {{"[1, 1000000]", "[\"conv 64\", \"conv 8 k5 p2 s2 g4\", \"maxpool 2\", \"avgpool 1000\", 7]"},
      {"[]",
       "[0, 1]",
       "[1, -1]",
       "[1, 1000001]",
       "[1, nan]",
       "[1, 1.5]",
       "[1, 12abc]",
       "[1,,2]",
       "500",
       "[5 6]",
       "[9223372036854775808]",
       "[\"\"]",
       "[3, \"conv\"]",
       "[3, \"conv 0\"]",
       "[3, \"conv 8 k0\"]",
       "[3, \"conv 8 k5 k5\"]",
       "[3, \"conv 8 x5\"]",
       "[3, \"conv 8 p-1\"]",
       "[3, \"conv 8 s0\"]",
       "[3, \"conv 8 g0\"]",
       "[3, \"maxpool\"]",
       "[3, \"maxpool 0\"]",
       "[3, \"maxpool 2 2\"]",
       "[3, \"pool 2\"]"}}},
    {"network.activation", {{"relu", "leaky_relu"}, kNoNames}},
    {"network.normalise", {{"none", "l2", "rms"}, kNoNames}},
    {"network.init", {{"normal", "uniform"}, kNoNames}},
    {"network.head", {{"true", "false"}, kNoSwitches}},
    {"objective.goodness", {{"sum_squares", "mean_squares", "sum_abs", "mean_abs"}, kNoNames}},
    {"objective.goodness_of", {{"image", "pixel"}, kNoNames}},
    {"objective.threshold",
     {{"-1e6", "1e6", "width", "[1, 2, 3]", "[4]"},
      {"-1.1e6", "1.1e6", "nan", "inf", "12abc", "heights", "[]", "[1, nan, 2]", "[1, 2e6, 1]",
       "[width]"}}},
    {"objective.temperature", number({"1e-30", "1000"}, {"0", "1e-40", "-1", "1000.1"})},
    {"objective.peer_strength", number({"0", "1000"}, {"-1e-30", "1000.1"})},
    {"objective.peer_momentum", number({"0", "0.9999"}, {"-1e-30", "1"})},
    {"negatives.labels", {{"fixed", "random", "head"}, kNoNames}},
    {"negatives.lag", number({"0"}, {"-1", "64", "0.5"})},  // others need another key too
    {"optimiser.kind", {{"momentum", "adam"}, kNoNames}},
    {"optimiser.learning_rate", number({"0", "1e-50", "1000"}, {"-1e-30", "1000.1", "1e50"})},
    {"optimiser.weight_decay", number({"0", "1"}, {"-1e-30", "1.0001"})},
    {"optimiser.momentum", number({"0", "0.9999"}, {"-1e-30", "1"})},
    {"optimiser.beta1", number({"0", "0.9999"}, {"-1e-30", "1"})},
    {"optimiser.beta2", number({"0", "0.9999"}, {"-1e-30", "1"})},
    {"optimiser.eps", number({"1e-30", "1000"}, {"0", "-1", "1000.1"})},
    {"optimiser.head_learning_rate", number({"0", "1000"}, {"-1e-30", "1000.1"})},
    {"optimiser.head_weight_decay", number({"0", "1"}, {"-1e-30", "1.0001"})},
    {"optimiser.decay", {{"constant", "linear_after_half"}, kNoNames}},
    {"training.algorithm", {{"forward-forward"}, kNoNames}},  // backprop needs another key too
    {"training.schedule", {{"simultaneous", "greedy", "pipelined"}, kNoNames}},
    {"training.epochs", integer({"1", "1000000"}, {"0", "-1", "1000001"})},
    {"training.batch", integer({"0", "1000000000"}, {"-1", "1000000001"})},
    {"training.shuffle", {{"true", "false"}, kNoSwitches}},
    {"training.seed", integer({"0", "18446744073709551615"}, {"-1", "18446744073709551616"})},
    {"training.evaluate_every", integer({"0", "1000000"}, {"-1", "1000001"})},
    {"training.skip_first_layer", {{"true", "false"}, kNoSwitches}},
    {"reference.source", {{"\"\"", "\"a b\"", "plain"}, {"[a]"}}},
    {"reference.train_accuracy", number({"0", "100", "none"}, {"-1e-30", "100.1", "no"})},
    {"reference.test_accuracy", number({"0", "100", "none"}, {"-1e-30", "100.1", "no"})},
    {"reference.prediction", {{"per_image", "per_batch"}, kNoNames}},
    {"reference.losses",
     {{"none", "[0, 1, 1e6]"},
      {"[1, 2, -1e-30]", "[1, 2, 1.1e6]", "nan", "no", "[]", "[1, nan, 2]", "[none]"}}},
};

TEST(RecipeErrors, WavesNeedAConvolution) {
  expect_override_refused("data.label_place=waves",
                          {"data.label_place is \"waves\"", "network.layers", "expected"});
}

TEST(RecipeErrors, BasesThatCannotBe) {
  const TemporaryFolder folder;
  const auto expect_base_refused = [&](const std::string& text, const Words& parts) {
    folder.write("a.toml", text);
    expect_parts(error_of(ExitCode::recipe, [&] { load_recipe(folder / "a.toml"); }), parts);
  };
  expect_base_refused("base = \"none.toml\"\n", {"a.toml:1: cannot read " + (folder / "none.toml"),
                                                 "expected a recipe file"});
  expect_base_refused("base = \"a.toml\"\n", {"a.toml:1", "is one its own"});
  expect_base_refused("base = \"\"\n", {"a.toml:1", "expected the path of a recipe"});
  expect_base_refused("base = [b, c]\n", {"a.toml:1", "expected the path of a recipe"});
  expect_base_refused("title = x\nbase = \"b.toml\"\n", {"a.toml:2", "first line"});
  expect_refused("base = \"b.toml\"\n", {"some.toml:1", "first line"});
  folder.write("b.toml", "[training]\nepochs = none\n");
  expect_base_refused("base = \"b.toml\"\n", {"b.toml:2", "training.epochs"});
}

TEST(RecipeErrors, EveryKeyTakesTheRightAndRefusesTheWrong) {
  for (const RecipeField& field : recipe_fields()) {
    ASSERT_EQ(kSamples.count(field.name()), 1u) << field.name();
    const std::string above = field.section.empty() ? "" : "[" + field.section + "]\n";
    const std::string line = field.section.empty() ? "1" : "2";
    for (const std::string& value : kSamples.at(field.name()).right) {
      EXPECT_NO_THROW(parse_recipe(above + field.key + " = " + value, "text")) << value;
    }
    for (const std::string& value : kSamples.at(field.name()).wrong) {
      expect_refused(above + field.key + " = " + value,
                     {"some.toml:" + line + ": ", field.name() + " is ", value, "expected "});
    }
    const std::string typo = field.key + "x";
    expect_refused(above + typo + " = 1", {"some.toml:" + line + ": unknown key ", typo,
                                           "did you mean " + field.name() + "?"});
    expect_override_refused(field.name() + "x=1", {"--set " + field.name() + "x=1: unknown key "});
  }
  EXPECT_EQ(kSamples.size(), recipe_fields().size());
}

TEST(RecipeErrors, MessagesSayWhatIsExpected) {
  EXPECT_EQ(
      error_of(ExitCode::recipe, [] { parse_recipe("[training]\nepochs = 12abc", "a.toml"); }),
      "a.toml:2: training.epochs is \"12abc\", expected an integer from 1 to 1000000");
  EXPECT_EQ(
      error_of(ExitCode::recipe, [] { parse_recipe("", "a.toml", {"network.activation=rel"}); }),
      "--set network.activation=rel: network.activation is \"rel\", expected one of relu,"
      " leaky_relu, did you mean relu?");
  expect_override_refused("reference.test_accuracy=non",
                          {"expected a number", "did you mean none?"});
}

TEST(RecipeErrors, UnknownNames) {
  expect_refused("[trainin]", {"some.toml:1: unknown section [trainin]", "[training]?"});
  expect_refused("[title]", {"unknown section [title]"});
  expect_refused("training.learning_rate = 1", {"did you mean optimiser.learning_rate?"});
  expect_refused("[data]\ndata.name = mnist", {"some.toml:2: unknown key data.data.name"});
  expect_refused("epochs = 1", {"unknown key epochs", "did you mean training.epochs?"});
}

TEST(RecipeErrors, SuggestsNothingThatIsFar) {
  for (const char* text : {"foo = 1", "[foo]", "network.activation = no"}) {
    const std::string message =
        error_of(ExitCode::recipe, [&] { parse_recipe(text, "some.toml"); });
    EXPECT_EQ(message.find("did you mean"), std::string::npos) << message;
  }
  expect_refused("foo = 1", {"unknown key foo; ffwd train --help"});
  expect_refused("[foo]", {"unknown section [foo]; ffwd train --help"});
}

TEST(RecipeErrors, GivenTwice) {
  const Words parts = {"some.toml:3: ", "training.epochs", "again after some.toml:2", "expected"};
  expect_refused("[training]\nepochs = 1\nepochs = 2", parts);
  expect_refused("[training]\nepochs = 1\ntraining.epochs = 2", {"training.training.epochs"});
  expect_refused("[data]\ntest_images = 1\n[network]\nhead = true\n[data]\ntest_images = 1",
                 {"some.toml:6: ", "data.test_images", "some.toml:2"});
}

TEST(RecipeErrors, Syntax) {
  for (const char* text : {"epochs",
                           "= 3",
                           "[]",
                           "[data",
                           "[data\nname = mnist]",
                           "[data] x",
                           "]",
                           "[[data]]",
                           "x = 1 2",
                           "x = [1, [2]]",
                           "x = [1",
                           "x = [1] 2",
                           "x = \"a",
                           "x = \"a\" b",
                           "a=",
                           "x = 'a'",
                           "x = \"a\\\"b\"",
                           "x = a=b",
                           ".x = 1",
                           "x. = 1",
                           "x y = 1",
                           "x = \"'a'\"",
                           "x = [\"a\"7]",
                           "x = [\"a\" \"b\"]",
                           "x = [7\"a\"]",
                           "x = [1,,2]",
                           "ab",
                           "x = ]",
                           "[.]",
                           "x\x01 = 1",
                           "x = \"\x7F\""}) {
    expect_refused("# one\n" + std::string(text) + "\n\n", {"some.toml:2: ", "expected "});
  }
  expect_refused("x = \"\xFF\"", {"some.toml: ", "UTF-8", "expected"});
  expect_refused("x = \"\xE9", {"UTF-8"});
  expect_refused("x = \"\xED\xA0\x80\"", {"UTF-8"});
  expect_refused(std::string("x = \0", 5), {"some.toml:1: ", "control character"});
}

TEST(RecipeErrors, LongFindsAreCut) {
  const std::string message = error_of(ExitCode::recipe, [] {
    parse_recipe("data.name = \"" + std::string(999, 'x') + "\"", "a.toml");
  });
  EXPECT_LT(message.size(), 200u);
  expect_parts(message, {"...", "expected one of mnist, fashion-mnist"});
}

TEST(RecipeErrors, Overrides) {
  for (const char* text : {"", "training.epochs", "=3", "training epochs=3", ".=1", "a\nb=1"}) {
    expect_override_refused(text, {"--set ", "expected section.key=value"});
  }
  expect_override_refused("training.epochs=", {"--set training.epochs=: training.epochs is \"\""});
  expect_override_refused("training.epochs=[1", {"--set training.epochs=[1: ", "expected"});
  expect_override_refused("title=a\"b", {"--set title=a\"b: ", "expected"});
}

TEST(RecipeErrors, KeysThatDoNotFitTogether) {
  expect_refused("objective.threshold = [1, 2]", {"some.toml: objective.threshold", "2 values",
                                                  "expected 1 or 3", "network.layers"});
  expect_refused("negatives.labels = random\nnegatives.lag = 2",
                 {"negatives.lag is 2", "negatives.labels", "expected 0"});
  expect_refused("negatives.labels = head\nnetwork.head = false",
                 {"negatives.labels is \"head\"", "network.head is false", "expected"});
  expect_refused("negatives.labels = head\ntraining.schedule = greedy",
                 {"negatives.labels is \"head\"", "training.schedule is \"greedy\"", "expected"});
  expect_refused("network.layers = [5]", {"training.skip_first_layer is true", "expected false"});
  EXPECT_NO_THROW(
      parse_recipe("network.layers = [5]\ntraining.skip_first_layer = false", "some.toml"));
  const std::string backprop = "training.algorithm = backprop\n";
  expect_refused(backprop, {"network.normalise is not \"none\"", "training.algorithm"});
  expect_refused(backprop + "network.normalise = none\nnetwork.head = false",
                 {"network.head is false", "training.algorithm", "expected true"});
  expect_refused(backprop + "network.normalise = none\nnetwork.layers = [\"conv 4\", 5]",
                 {"network.layers", "backprop", "fully connected"});
  for (const std::string schedule : {"pipelined", "greedy"}) {
    expect_refused(backprop + "network.normalise = none\ntraining.schedule = " + schedule,
                   {"training.schedule is not \"simultaneous\"", "backprop"});
  }
  EXPECT_NO_THROW(
      parse_recipe(backprop + "network.normalise = none\nnetwork.layers = [5]", "some.toml"));
}

TEST(RecipeErrors, LayersThatDoNotFitTheImages) {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.toml", "network.layers = [\"conv 64 k29\", 500]");
  expect_parts(error_of(ExitCode::recipe, [&] { load_recipe(path); }),
               {path + ": network.layers: entry 1: "});
  EXPECT_NO_THROW(load_recipe(path, {"data.name=cifar10"}));  // 32 x 32
  const auto expect_too_large = [&](const std::string& layers, const std::string& what) {
    const std::string text = "network.layers=[" + layers + ", 5]";
    expect_parts(error_of(ExitCode::recipe, [&] { load_recipe(path, {text}); }), {"entry ", what});
  };
  expect_too_large("\"conv 1000000 k999 p998\"", " weights, expected at most 1099511627776");
  expect_too_large("\"conv 8 k999 p998\", \"conv 1000000 k100 p99\"", "activities of an image, ");
}

TEST(RecipeErrors, Files) {
  const std::filesystem::path folder = testing::TempDir();
  const std::string missing = (folder / "ffwd_no_such.toml").string();
  expect_parts(error_of(ExitCode::recipe, [&] { load_recipe(missing); }),
               {missing, "No such file", "expected"});
  expect_parts(error_of(ExitCode::recipe, [&] { load_recipe(folder.string()); }),
               {"directory", "expected"});
  const std::string large = (folder / "ffwd_large.toml").string();
  std::ofstream(large) << std::string(1 << 20, '#');
  EXPECT_NO_THROW(load_recipe(large));
  std::ofstream(large, std::ios::app) << '#';
  expect_parts(error_of(ExitCode::recipe, [&] { load_recipe(large); }),
               {large, "larger than the 1048576 bytes", "expected"});
  std::filesystem::remove(large);
}

TEST(RecipeErrors, WhatCannotBeWritten) {
  for (const char* title : {"a\"b", "a\\b", "'a", "a\nb", "\xFF"}) {
    Recipe recipe;
    recipe.title = title;
    expect_parts(error_of(ExitCode::recipe, [&] { to_text(recipe); }),
                 {"expected one line of UTF-8"});
  }
}

// Whatever the bytes: a recipe or a RecipeError, nothing else.
TEST(RecipeErrors, DamagedText) {
  std::mt19937_64 random(3);
  const std::string bytes = "[]=\"'#.,\\ \n\t-0e9xn\xC3\xFF";
  for (int i = 0; i < 3000; ++i) {
    std::string text = recipe_reference();
    for (int k = 0; k < 3; ++k) {
      const std::size_t at = random() % text.size();
      if (random() % 3 == 0) text.erase(at, random() % 20);
      if (!text.empty()) text.insert(at % text.size(), 1, bytes[random() % bytes.size()]);
    }
    try {
      const Recipe recipe = parse_recipe(text, "some.toml");
      parse_recipe(to_text(recipe), "again");
    } catch (const RecipeError&) {
    }
  }
}

}  // namespace
}  // namespace ffwd::test
