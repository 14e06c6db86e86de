// The backpropagation baseline: its gradients against finite differences of the whole network
// written again in double, and trainings on a toy data set that learn and repeat bit for bit.
#include <algorithm>
#include <cmath>

#include "engine/network/backprop_network.h"
#include "host/basics/errors.h"
#include "host/model/model.h"
#include "host/training/trainer.h"
#include "tests/close.h"
#include "tests/devices.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

// --- the network written again, in double --------------------------------------------------------

struct Doubles {
  std::vector<std::vector<double>> weight, bias;  // of each layer
};

Doubles parameters_of(const BackpropNetwork& network) {
  Doubles all;
  for (const auto& layer : network.layers()) {
    const auto weight = layer.weights(), bias = layer.biases();
    all.weight.emplace_back(weight.begin(), weight.end());
    all.bias.emplace_back(bias.begin(), bias.end());
  }
  return all;
}

// -log of the probability that the network gives to the label.
double image_loss(const Doubles& network, double leak, std::vector<double> x, int32_t label) {
  for (size_t l = 0; l < network.weight.size(); ++l) {
    std::vector<double> y = network.bias[l];
    for (size_t j = 0; j < y.size(); ++j) {
      for (size_t i = 0; i < x.size(); ++i) y[j] += network.weight[l][j * x.size() + i] * x[i];
      if (l + 1 < network.weight.size() && y[j] < 0) y[j] *= leak;
    }
    x = y;
  }
  double total = 0;
  for (const double logit : x) total += std::exp(logit);
  return std::log(total) - x[size_t(label)];
}

class Backprop : public OnDevice {
 protected:
  struct Trained {
    std::vector<EpochMetrics> metrics;
    Evaluation train, test;
    bool stopped;
    std::string model;  // the bytes of its file
  };

  Trained train(
      const Recipe& recipe, const std::function<bool()>& stop = [] { return false; }) {
    const Dataset data = toy_dataset();
    const auto learner = make_learner(device(), recipe, data);
    Trained result;
    Trainer trainer(*learner, recipe, data.train);
    trainer.run([](const Progress&) {}, [&](EpochMetrics& m) { result.metrics.push_back(m); },
                stop);
    result.stopped = trainer.totals().stopped;
    result.train = learner->evaluate_train();
    result.test = learner->evaluate_test();
    learner->save(folder_ / "model");
    result.model = content_of(folder_ / "model");
    return result;
  }

  static Recipe backprop_recipe() {
    Recipe recipe = toy_recipe();
    recipe.network.normalise = NormKind::none;
    recipe.training.algorithm = Algorithm::backprop;
    recipe.data.standardise = true;
    recipe.optimiser.kind = OptimiserKind::adam;
    recipe.optimiser.learning_rate = 0.003f;
    return recipe;
  }

  TemporaryFolder folder_;
};

using BackpropGradients = Backprop;

TEST_P(BackpropGradients, AgreeWithFiniteDifferences) {
  const Images images = toy_images(6, 4, 3, 5);
  for (const auto& activation : kActivations) {
    BackpropShape shape{16, {}, {7, 5}, 3, activation.value};
    shape.standardise.shift[0] = -0.4f;
    BackpropNetwork network(device(), shape, OptimiserKind::adam, 6);
    network.initialise(WeightInit::uniform, 3);
    const Vector<uint8_t> pixels(device(), images.pixels);
    const std::vector<int32_t> order = {5, 0, 3, 1, 4};  // not all, and not in order
    std::vector<int32_t> labels;
    for (const int32_t i : order) labels.push_back(images.labels[size_t(i)]);
    const Vector<int32_t> sample(device(), order), label(device(), labels);
    network.forward(pixels.view().data, sample.view());
    network.backward(label.view());
    network.running().add_up(0);
    const double loss = network.running().totals(1)[0];

    Doubles parameters = parameters_of(network);
    const double leak = activation.value == Activation::relu ? 0.0 : double(0.01f);
    const auto mean_loss = [&] {
      double sum = 0;
      for (size_t k = 0; k < order.size(); ++k) {
        std::vector<double> x;
        for (int64_t p = 0; p < 16; ++p) {
          const double byte = double(images.pixels[size_t(16 * order[k] + p)]);
          x.push_back(byte * double(1.0f / 255) - double(0.4f));
        }
        sum += image_loss(parameters, leak, x, labels[k]);
      }
      return sum / double(order.size());
    };
    const double want_loss = mean_loss();
    EXPECT_NEAR(loss, want_loss, 100 * kUnit * want_loss);

    // A weight's gradient is a sum over paths to the logits and the images. Pixels and activities
    // are at most 1, dlogits add up to at most 2 and a column of |W| to at most units / sqrt(inputs),
    // so no path sum exceeds 2 * 3 / sqrt(5) * 5 / sqrt(7) < 6; of some 50 roundings on each path.
    // The difference adds 1e-16 / 1e-5 of rounding and 1e-10 of curvature.
    const Tolerance tolerance{50 * 6 * kUnit, 0};
    const auto differences = [&](std::vector<double>& values) {
      constexpr double kStep = 1e-5;
      std::vector<double> gradient;
      for (double& value : values) {
        const double before = value;
        value = before + kStep;
        const double above = mean_loss();
        value = before - kStep;
        gradient.push_back((above - mean_loss()) / (2 * kStep));
        value = before;
      }
      return gradient;
    };
    const auto download = [&](const float* data, int64_t size) {
      std::vector<float> values(static_cast<size_t>(size));
      device().download(values.data(), data, size * int64_t(sizeof(float)));
      return values;
    };
    const auto weights_got = [&](MatrixView view) {
      return without_padding(
          download(static_cast<const float*>(view.data), view.rows * view.stride), view.rows,
          view.cols);
    };
    for (size_t l = 0; l < 3; ++l) {
      const Parameters& layer = network.layers()[l];
      expect_close(weights_got(layer.weight_gradient(network.gradient(l))),
                   differences(parameters.weight[l]), tolerance, "weight " + std::to_string(l));
      expect_close(download(layer.bias_gradient(network.gradient(l)).data, layer.units()),
                   differences(parameters.bias[l]), tolerance, "bias " + std::to_string(l));
    }
  }
}

FFWD_ON_EVERY_DEVICE(BackpropGradients);

TEST_P(Backprop, LearnsTheToySet) {
  Recipe recipe = backprop_recipe();
  recipe.training.epochs = 10;
  const Trained trained = train(recipe);
  EXPECT_GE(trained.test.head.value(), 0.95);
  EXPECT_GE(trained.train.head.value(), 0.95);
  EXPECT_FALSE(trained.test.goodness || trained.test.per_batch);
  EXPECT_LT(*trained.metrics.back().head_loss, 0.5 * *trained.metrics.front().head_loss);
  int64_t images = 0;
  for (const auto& row : trained.test.confusion) {
    for (const int64_t count : row) images += count;
  }
  EXPECT_EQ(images, 100);
}

TEST_P(Backprop, RepeatsBitForBit) {
  const std::string first = train(backprop_recipe()).model;
  for (int run = 1; run < 5; ++run) ASSERT_EQ(train(backprop_recipe()).model, first) << run;
  Recipe other = backprop_recipe();
  other.training.seed = 8;
  EXPECT_NE(train(other).model, first);
}

TEST_P(Backprop, AnEpochsLossIsTheMeanOverItsImages) {
  Recipe recipe = backprop_recipe();
  recipe.optimiser.learning_rate = 0.0f;
  recipe.training.epochs = 1;
  recipe.training.batch = 0;
  const double at_once = *train(recipe).metrics.at(0).head_loss;
  for (const int64_t batch :
       {50, 30, 390, 399}) {  // three with a last batch of 10, 10 and 1 images
    recipe.training.batch = batch;
    EXPECT_NEAR(*train(recipe).metrics.at(0).head_loss, at_once, 1e-5 * at_once) << batch;
  }
}

TEST_P(Backprop, ShowsTheImagesInTheirOrderWhenAskedTo) {
  const auto loss = [&](bool shuffle) {
    Recipe recipe = backprop_recipe();
    recipe.training.shuffle = shuffle;
    return train(recipe).metrics.back().head_loss.value();
  };
  EXPECT_NE(loss(true), loss(false));
  EXPECT_EQ(loss(false), loss(false));
}

TEST_P(Backprop, StopsAtTheStepThatAsksForIt) {
  int64_t steps = 0;
  const Trained trained = train(backprop_recipe(), [&] { return ++steps == 16; });
  EXPECT_TRUE(trained.stopped);
  EXPECT_EQ(trained.metrics.size(), 2u);
  EXPECT_EQ(trained.metrics.back().step, 16);  // 14 an epoch
}

TEST_P(Backprop, SaysThatItDiverges) {
  Recipe recipe = backprop_recipe();
  recipe.optimiser.kind = OptimiserKind::momentum;
  recipe.optimiser.learning_rate = 1e30f;
  try {
    train(recipe);
    FAIL() << "expected an error";
  } catch (const UserError& error) {
    EXPECT_EQ(error.code, ExitCode::not_finite);
    EXPECT_NE(std::string(error.what()).find("the network"), std::string::npos) << error.what();
  }
}

TEST_P(Backprop, ItsModelIsNotTakenForOneOfForwardForward) {
  train(backprop_recipe());
  try {
    load_model(device(), folder_ / "model");
    FAIL() << "expected an error";
  } catch (const FileError& error) {
    expect_contains(error.what(), {folder_ / "model", "backpropagation"});
  }
}

TEST_P(Backprop, BrokenContractsThrow) {
  EXPECT_THROW(BackpropNetwork(device(), {16, {}, {}, 3, Activation::relu}, OptimiserKind::adam, 6),
               Error);
  BackpropNetwork network(device(), {16, {}, {4}, 3, Activation::relu}, OptimiserKind::adam, 2);
  const Vector<uint8_t> pixels(device(), std::vector<uint8_t>(48));
  const Vector<int32_t> sample(device(), std::vector<int32_t>{0, 1, 2});
  EXPECT_THROW(network.forward(pixels.view().data, sample.view()), Error);
}

TEST_P(Backprop, IsNotStoppedByItsVeryLastStep) {
  const auto always = [] { return true; };
  Recipe recipe = backprop_recipe();
  recipe.training.batch = 0;
  recipe.training.epochs = 1;  // a single step
  EXPECT_FALSE(train(recipe, always).stopped);
  recipe.training.epochs = 2;
  EXPECT_TRUE(train(recipe, always).stopped);
}

FFWD_IN_EVERY_PRECISION_AND_QUEUED(Backprop);

}  // namespace
}  // namespace ffwd::test
