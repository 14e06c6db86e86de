// Whole trainings on a toy data set: they learn, they repeat bit for bit, and every schedule trains
// what it says.
#include <chrono>
#include <cmath>
#include <thread>

#include "engine/files/checkpoint.h"
#include "host/basics/clock.h"
#include "host/basics/errors.h"
#include "host/training/batches.h"
#include "host/training/forward_forward_learner.h"
#include "host/training/trainer.h"
#include "tests/devices.h"
#include "tests/safetensors_bytes.h"
#include "tests/text_check.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

struct Trained {
  std::unique_ptr<ForwardForwardLearner> learner;
  std::vector<EpochMetrics> metrics;
  Evaluation test;
  bool stopped = false;
  std::vector<NamedTensor> tensors() const {
    return with_data(network_tensors(learner->network()));
  }
};

bool same_bits(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  if (a.size() != b.size()) return false;
  for (size_t t = 0; t < a.size(); ++t) {
    if (a[t].data != b[t].data) return false;
  }
  return true;
}

class Training : public OnDevice {
 protected:
  Trained train(
      const Recipe& recipe, const std::function<bool()>& stop = [] { return false; }) {
    Trained result;
    result.learner = std::make_unique<ForwardForwardLearner>(device(), recipe, data_);
    Trainer trainer(*result.learner, recipe, data_.train);
    trainer.run([](const Progress&) {}, [&](EpochMetrics& m) { result.metrics.push_back(m); },
                stop);
    result.stopped = trainer.totals().stopped;
    result.test = result.learner->evaluate_test();
    return result;
  }

  // An epoch has 13 steps and one of fewer images. Whether to stop is asked after every step, on a
  // device that queues after every plan: the 13, and the one.
  int64_t question_in_second_epoch() { return device().queues() ? 3 : 17; }

  const Dataset data_ = toy_dataset();
};

TEST_P(Training, LearnsTheToySet) {
  Recipe recipe = toy_recipe();
  recipe.training.epochs = 30;
  recipe.optimiser.learning_rate = 0.03f;
  const Trained trained = train(recipe);
  EXPECT_GE(trained.test.goodness, 0.95);
  EXPECT_GE(trained.test.head.value(), 0.95);
  for (size_t l = 0; l < 3; ++l) {
    const LayerMetrics first = *trained.metrics.front().layers[l],
                       last = *trained.metrics.back().layers[l];
    EXPECT_LT(last.loss, first.loss) << "layer " << l;
    EXPECT_GT(last.goodness_pos, last.goodness_neg) << "layer " << l;
  }
}

TEST_P(Training, RepeatsBitForBitTenTimes) {
  const auto first = train(toy_recipe()).tensors();
  for (int run = 1; run < 10; ++run)
    ASSERT_TRUE(same_bits(first, train(toy_recipe()).tensors())) << "run " << run;
}

TEST_P(Training, DependsOnTheSeed) {
  Recipe other = toy_recipe();
  other.training.seed = 8;
  EXPECT_FALSE(same_bits(train(toy_recipe()).tensors(), train(other).tensors()));
}

TEST_P(Training, GreedyTrainsOneLayerAfterTheOther) {
  Recipe recipe = toy_recipe();
  recipe.training.schedule = Schedule::greedy;
  recipe.negatives.labels = Negatives::fixed;
  recipe.training.epochs = 2;
  const Trained trained = train(recipe);
  ASSERT_EQ(trained.metrics.size(), 8u);  // three layers and the head, two epochs each
  for (size_t e = 0; e < 8; ++e) {
    for (size_t l = 0; l < 3; ++l)
      EXPECT_EQ(trained.metrics[e].layers[l].has_value(), e / 2 == l) << e << " " << l;
    EXPECT_EQ(trained.metrics[e].head_loss.has_value(), e >= 6);
  }
}

TEST_P(Training, GreedyLeavesTheOtherLayersAlone) {
  Recipe recipe = toy_recipe();
  recipe.training.schedule = Schedule::greedy;
  recipe.negatives.labels = Negatives::random;
  int64_t asked = 0;
  // Stops in the middle of the first layer's turn.
  const auto stopped =
      train(recipe, [&] { return ++asked == question_in_second_epoch(); }).tensors();
  const auto fresh =
      with_data(network_tensors(ForwardForwardLearner(device(), recipe, data_).network()));
  ASSERT_EQ(stopped.size(), 7u);
  for (size_t t = 0; t < 7; ++t)
    EXPECT_EQ(stopped[t].data == fresh[t].data, t >= 2) << stopped[t].name;
}

TEST_P(Training, WorksWithAdamWithoutHeadAndInOneFullBatch) {
  Recipe recipe = toy_recipe();
  recipe.optimiser.kind = OptimiserKind::adam;
  recipe.optimiser.learning_rate = 0.01f;
  recipe.network.head = false;
  recipe.network.init = WeightInit::uniform;
  recipe.objective.goodness = Goodness::mean_squares;
  recipe.objective.threshold = {1.0f};
  recipe.objective.temperature = 0.1f;
  recipe.negatives.labels = Negatives::random;
  recipe.training.batch = 0;
  recipe.training.epochs = 150;
  const Trained trained = train(recipe);
  EXPECT_FALSE(trained.test.head.has_value());
  EXPECT_LT(trained.metrics.back().layers[0]->loss, trained.metrics.front().layers[0]->loss);
  EXPECT_GE(trained.test.goodness, 0.95);
}

// Played at once or, as each is to be evaluated, one at a time.
TEST_P(Training, FullBatchesThatArePlayedAtOnceLearnTheSame) {
  Recipe recipe = toy_recipe();
  recipe.training.batch = 0;
  recipe.training.epochs = 50;
  recipe.optimiser.decay = RateDecay::linear_after_half;
  for (const Schedule schedule : {Schedule::simultaneous, Schedule::greedy}) {
    recipe.training.schedule = schedule;
    const bool greedy = schedule == Schedule::greedy;
    recipe.negatives.labels = greedy ? Negatives::fixed : Negatives::head;
    const int64_t stages = greedy ? 4 : 1;
    recipe.training.evaluate_every = 1;
    int64_t asked = 0;  // before each but the first
    const auto ask = [&] {
      ++asked;
      return false;
    };
    const Trained one_at_a_time = train(recipe, ask);
    EXPECT_EQ(asked, stages * recipe.training.epochs - 1);
    recipe.training.evaluate_every = 0;
    asked = 0;
    const Trained at_once = train(recipe, ask);
    EXPECT_LE(asked, stages * recipe.training.epochs / 4) << "they were not played at once";
    EXPECT_TRUE(same_bits(one_at_a_time.tensors(), at_once.tensors()));
    ASSERT_EQ(one_at_a_time.metrics.size(), at_once.metrics.size());
    for (size_t e = 0; e < at_once.metrics.size(); ++e) {
      const EpochMetrics &want = one_at_a_time.metrics[e], &got = at_once.metrics[e];
      EXPECT_EQ(got.epoch, want.epoch);
      EXPECT_EQ(got.step, want.step);
      EXPECT_EQ(got.stage, want.stage);
      EXPECT_EQ(got.head_loss, want.head_loss);
      for (size_t l = 0; l < 3; ++l) {
        ASSERT_EQ(got.layers[l].has_value(), want.layers[l].has_value());
        if (!got.layers[l]) continue;
        EXPECT_EQ(got.layers[l]->loss, want.layers[l]->loss) << e << " " << l;
        EXPECT_EQ(got.layers[l]->goodness_pos, want.layers[l]->goodness_pos) << e << " " << l;
        EXPECT_EQ(got.layers[l]->goodness_neg, want.layers[l]->goodness_neg) << e << " " << l;
      }
      EXPECT_GT(got.seconds, e == 0 ? 0.0 : at_once.metrics[e - 1].seconds);
    }
  }
}

TEST_P(Training, FullBatchesAreEvaluatedWhenTheyAreDue) {
  Recipe recipe = toy_recipe();
  recipe.training.batch = 0;
  recipe.training.epochs = 21;
  recipe.training.evaluate_every = 7;
  const auto weights_of_layer_0_at = [&](int64_t epoch) {
    ForwardForwardLearner learner(device(), recipe, data_);
    Trainer trainer(learner, recipe, data_.train);
    std::vector<float> weights;
    const auto look = [&](EpochMetrics& m) {
      if (m.epoch == epoch) weights = learner.network().layers()[0].weights();
    };
    trainer.run([](const Progress&) {}, look, [] { return false; });
    return weights;
  };
  const std::vector<float> weights = weights_of_layer_0_at(14);
  recipe.training.evaluate_every = 1;
  EXPECT_EQ(weights, weights_of_layer_0_at(14));
  EXPECT_NE(weights, weights_of_layer_0_at(15));
}

TEST_P(Training, AnUntrainedLayerHasLossLnTwoAtItsThreshold) {
  Recipe recipe = toy_recipe();
  recipe.network.head = false;
  recipe.negatives.labels = Negatives::fixed;
  recipe.objective.goodness = Goodness::mean_squares;
  recipe.objective.threshold = {0.5f};  // E[y^2] of N(0,1) through ReLU
  recipe.training.epochs = 1;
  recipe.optimiser.learning_rate = 0.0f;
  // Of an image's goodness, a mean over 33 units or more of y^2; that of all images deviates less.
  const double deviation = std::sqrt(1.25 / 33);
  for (const int64_t batch : {0, 40}) {  // a single step; a mean over ten
    recipe.training.batch = batch;
    const Trained trained = train(recipe);
    for (const auto& layer : trained.metrics[0].layers) {
      EXPECT_NEAR(layer->goodness_pos, 0.5, deviation);
      EXPECT_NEAR(layer->goodness_neg, 0.5, deviation);
      // softplus(x) is ln 2 + x/2 + x^2/8 and less: half of the rows have x = 0.5 - g, half g - 0.5.
      const double slope = (layer->goodness_neg - layer->goodness_pos) / 4;
      EXPECT_NEAR(layer->loss - slope, std::log(2.0), 4 * deviation * deviation / 8);
    }
  }
}

TEST_P(Training, StopsAtTheStepThatAsksForIt) {
  int64_t asked = 0;
  const Trained trained =
      train(toy_recipe(), [&] { return ++asked == question_in_second_epoch(); });
  EXPECT_EQ(trained.metrics.size(), 2u);
  EXPECT_EQ(trained.metrics.back().step, device().queues() ? 14 + 13 : 17);
}

// A pause waits for what is queued, which is training.
TEST_P(Training, PausesTakeNoTrainingOutOfItsTime) {
  ForwardForwardLearner learner(device(), toy_recipe(), data_);
  Trainer trainer(learner, toy_recipe(), data_.train);
  const double begin = steady_seconds();
  int pauses = 0;
  trainer.run([](const Progress&) {}, [](EpochMetrics&) {},
              [&] {
                trainer.pause([&] {
                  device().wait();  // as a save does
                  ++pauses;
                });
                return false;
              });
  EXPECT_GT(pauses, 4);
  EXPECT_GT(trainer.totals().train_seconds, (steady_seconds() - begin) / 4);

  Trainer slow(learner, toy_recipe(), data_.train);
  slow.run([](const Progress&) {}, [](EpochMetrics&) {},
           [&] {
             slow.pause([] { std::this_thread::sleep_for(std::chrono::milliseconds(50)); });
             return pauses-- == 1;
           });
  EXPECT_LT(slow.totals().train_seconds, (steady_seconds() - begin) / 2);
}

TEST_P(Training, IsNotStoppedByItsVeryLastStep) {
  const auto always = [] { return true; };
  Recipe recipe = toy_recipe();
  recipe.negatives.labels = Negatives::random;
  recipe.training.batch = 0;
  recipe.training.epochs = 1;  // a single step
  EXPECT_FALSE(train(recipe, always).stopped);
  recipe.training.epochs = 2;
  EXPECT_TRUE(train(recipe, always).stopped);
  recipe.training.epochs = 1;
  recipe.training.schedule = Schedule::greedy;  // one for each layer
  EXPECT_TRUE(train(recipe, always).stopped);
}

TEST_P(Training, NamesTheLayerThatDiverges) {
  Recipe recipe = toy_recipe();
  recipe.optimiser.learning_rate = 1e30f;
  expect_has(error_of(ExitCode::not_finite, [&] { train(recipe); }), "layer ");
}

TEST_P(Training, ClassifiesAsIfEveryLabelWereGatheredOnItsOwn) {
  // The classifier shares the first layer's matmul among the labels; here every image is written
  // out under every label, normalised and multiplied in full.
  const Trained trained = train(toy_recipe());
  Network& network = trained.learner->network();
  const Vector<uint8_t> pixels(device(), data_.test.pixels);
  const std::vector<float> shared =
      Classifier(network).goodness(pixels.view().data, data_.test.count);
  NetworkRows rows(device(), network, data_.test.count, 1);
  Matrix x(device(), data_.test.count, 64, dtype());
  for (int32_t k = 0; k < 5; ++k) {
    std::vector<float> values;
    for (int64_t j = 0; j < data_.test.count * 64; ++j) {
      values.push_back(j % 64 < 5 ? (j % 64 == k ? 1.0f : 0.0f)
                                  : float(data_.test.pixels[size_t(j)]) / 255.0f);
    }
    x.upload(values);
    device().normalise_rows({x.view(), network.shape().input.norm, x.view()});
    const Vector<int32_t> label(device(), std::vector<int32_t>(size_t(data_.test.count), k));
    for (size_t l = 0; l < 3; ++l) {
      const LayerInput input =
          l == 0 ? ConstMatrixView(x.view())
                 : network.input_of(rows, l, 0, data_.test.count, 0, label.view());
      const LayerRows::View out = rows.layers[l].view(0, 0, data_.test.count);
      network.layers()[l].forward(device(), std::get<ConstMatrixView>(input), out);
      network.layers()[l].goodness(device(), input, out, /*learning=*/0, /*hands_on=*/true);
    }
    std::vector<float> sum(size_t(data_.test.count), 0.0f);
    for (size_t l = 1; l < 3; ++l) {  // the first layer is left out
      const auto goodness = rows.layers[l].goodness(data_.test.count);
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += goodness[i];
    }
    for (size_t i = 0; i < sum.size(); ++i) {
      // Two layers of sums over at most 64 terms, each step relative 2^-24; goodness is quadratic.
      // On the way there are four more numbers a layer that are stored.
      ASSERT_NEAR(shared[i * 5 + size_t(k)], sum[i],
                  (4 * 200 * 0x1p-24 + 2 * 2 * 4 * rounding()) * sum[i])
          << "image " << i << " label " << k;
    }
  }
}

TEST(OneForAll, IsTheClassWithTheMostGoodnessOverAllImages) {
  EXPECT_EQ(one_for_all({1, 9, 5, /**/ 8, 1, 5, /**/ 0, 1, 3}, 3), std::vector<int32_t>(3, 2));
  EXPECT_EQ(one_for_all({1, 9, 5, /**/ 8, 1, 2}, 3), std::vector<int32_t>(2, 1));
}

TEST_P(Training, GivesAllImagesOneClassBesides) {
  Recipe recipe = toy_recipe();
  recipe.training.epochs = 30;
  recipe.optimiser.learning_rate = 0.03f;
  const Trained trained = train(recipe);
  // Every class has a fifth of the toy set's images.
  EXPECT_DOUBLE_EQ(trained.test.per_batch.value(), 0.2);
  EXPECT_GE(trained.test.goodness.value(), 0.95);
}

FFWD_IN_EVERY_PRECISION_AND_QUEUED(Training);

}  // namespace
}  // namespace ffwd::test
