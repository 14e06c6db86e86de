// Networks of convolutions: their parts fit together, every layer lowers its own loss, a model
// survives its file, and what a small network computes is what plain loops in double compute.
#include <cmath>
#include <numeric>

#include "engine/files/checkpoint.h"
#include "host/basics/errors.h"
#include "host/training/forward_forward_learner.h"
#include "host/training/trainer.h"
#include "tests/devices.h"
#include "tests/safetensors_bytes.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"
#include "tests/toy_convolutions.h"

namespace ffwd::test {
namespace {

class ConvolutionalNetwork : public OnDevice {
 protected:
  ForwardForwardLearner make(const Recipe& recipe) { return {device(), recipe, data}; }

  std::vector<EpochMetrics> train(Learner& learner, const Recipe& recipe) {
    std::vector<EpochMetrics> metrics;
    Trainer trainer(learner, recipe, data.train);
    trainer.run([](const Progress&) {}, [&](EpochMetrics& m) { metrics.push_back(m); },
                [] { return false; });
    return metrics;
  }

  const Dataset data = toy_dataset(400, 100, 3);
};

TEST_P(ConvolutionalNetwork, EveryLayerLowersItsLossAndTheNetworkClassifies) {
  for (const GoodnessOf goodness_of : {GoodnessOf::image, GoodnessOf::pixel}) {
    Recipe recipe = convolutional_recipe();
    recipe.objective.goodness_of = goodness_of;
    recipe.training.epochs = 20;
    ForwardForwardLearner learner = make(recipe);
    const auto metrics = train(learner, recipe);
    for (size_t l = 0; l < 3; ++l) {
      EXPECT_LT(metrics.back().layers[l]->loss, metrics.front().layers[l]->loss) << "layer " << l;
      EXPECT_GT(metrics.back().layers[l]->goodness_pos, metrics.back().layers[l]->goodness_neg);
    }
    const Evaluation result = learner.evaluate_test();
    EXPECT_GT(*result.head, 0.7);
    EXPECT_GT(result.goodness, 0.5);  // chance is 0.2
  }
}

TEST_P(ConvolutionalNetwork, ReadsLabelsAllOverTheImage) {
  Recipe recipe = convolutional_recipe();
  recipe.data.label_place = LabelPlace::waves;
  recipe.training.epochs = 20;
  ForwardForwardLearner learner = make(recipe);
  train(learner, recipe);
  EXPECT_GT(learner.evaluate_test().goodness, 0.5);  // chance is 0.2
}

TEST(LabelWaves, RunAlongAnAxisEach) {
  const std::vector<float> waves = label_waves(/*classes=*/2, {2, 5, 3});  // 2 x 5 pixels
  const float want[] = {1, 0, -1, 0, 1, 1, 0, -1, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0};
  ASSERT_EQ(waves.size(), std::size(want));
  for (size_t i = 0; i < waves.size(); ++i) EXPECT_NEAR(waves[i], want[i], 1e-6) << i;
}

TEST_P(ConvolutionalNetwork, RepeatsBitForBit) {
  const Recipe recipe = convolutional_recipe();
  std::vector<std::vector<float>> first;
  for (int repeat = 0; repeat < 3; ++repeat) {
    ForwardForwardLearner learner = make(recipe);
    train(learner, recipe);
    std::vector<std::vector<float>> weights;
    for (const NamedTensor& tensor : with_data(network_tensors(learner.network()))) {
      weights.push_back(tensor.data);
    }
    if (repeat == 0) first = weights;
    EXPECT_EQ(weights, first);
  }
}

TEST_P(ConvolutionalNetwork, AModelSurvivesItsFile) {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  const Recipe recipe = convolutional_recipe();
  ForwardForwardLearner learner = make(recipe);
  train(learner, recipe);
  learner.save(path);
  const Model again = load_model(device(), path);
  const auto saved = with_data(network_tensors(learner.network())),
             loaded = with_data(network_tensors(*again.network));
  ASSERT_EQ(saved.size(), loaded.size());
  for (size_t i = 0; i < saved.size(); ++i) {
    EXPECT_EQ(saved[i].shape, loaded[i].shape) << saved[i].name;
    EXPECT_EQ(saved[i].data, loaded[i].data) << saved[i].name;
  }
  EXPECT_EQ(saved[0].shape, (std::vector<int64_t>{16, 3, 3, 3}));
  EXPECT_EQ(saved[4].shape, (std::vector<int64_t>{24, 24 * 4 * 4}));
}

// The goodness of one image under one label by the equations, from the weights as PyTorch has them.
TEST_P(ConvolutionalNetwork, ComputesWhatTheEquationsSay) {
  Recipe recipe = convolutional_recipe();
  recipe.network.layers = {convolution(8, 3, 1, 2), convolution(16, 2, 0)};
  recipe.network.head = false;
  recipe.training.skip_first_layer = false;
  ForwardForwardLearner learner = make(recipe);
  Classifier classifier(learner.network());
  const Vector<uint8_t> device_pixels(device(), data.test.pixels);
  const std::vector<float> got = classifier.goodness(device_pixels.view().data, 4);
  const auto tensors = with_data(network_tensors(learner.network()));

  for (int64_t image = 0; image < 4; ++image) {
    for (int64_t label = 0; label < 5; ++label) {
      int64_t side = 8, channels = 3;
      std::vector<double> x;
      for (int64_t j = 0; j < 64 * 3; ++j) {
        x.push_back(j / 3 < 5 ? double(j / 3 == label)
                              : double(data.test.pixels[size_t(image * 64 * 3 + j)]) / 255.0);
      }
      double total = 0;
      for (size_t l = 0; l < 2; ++l) {
        const int64_t units = l == 0 ? 8 : 16, k = l == 0 ? 3 : 2, pad = l == 0 ? 1 : 0;
        const int64_t step = l == 0 ? 2 : 1, out = (side + 2 * pad - k) / step + 1;
        for (int64_t p = 0; p < side * side; ++p) {  // every pixel to unit length
          double squares = 0;
          for (int64_t c = 0; c < channels; ++c) squares += std::pow(x[p * channels + c], 2);
          for (int64_t c = 0; c < channels; ++c) x[p * channels + c] /= std::sqrt(squares) + 1e-4;
        }
        std::vector<double> y;
        const auto& weight = tensors[2 * l].data;
        const auto& bias = tensors[2 * l + 1].data;
        for (int64_t p = 0; p < out; ++p) {
          for (int64_t q = 0; q < out; ++q) {
            for (int64_t m = 0; m < units; ++m) {
              double a = bias[size_t(m)];
              for (int64_t c = 0; c < channels; ++c) {
                for (int64_t i = 0; i < k; ++i) {
                  for (int64_t j = 0; j < k; ++j) {
                    const int64_t h = p * step + i - pad, w = q * step + j - pad;
                    if (h < 0 || h >= side || w < 0 || w >= side) continue;
                    a += double(weight[size_t(((m * channels + c) * k + i) * k + j)]) *
                         x[size_t((h * side + w) * channels + c)];
                  }
                }
              }
              y.push_back(std::fmax(a, 0.0));
            }
          }
        }
        double squares = 0;
        for (const double value : y) squares += value * value;
        total += squares / double(y.size());
        x = y;
        side = out;
        channels = units;
      }
      // Sums of at most 72 products, squared and averaged, each step relative 2^-24. Weights, z
      // and two forms of x are stored.
      EXPECT_NEAR(double(got[size_t(image * 5 + label)]), total,
                  (1000 * 0x1p-24 + 2 * 2 * 4 * rounding()) * total)
          << "image " << image << " label " << label;
    }
  }
}

TEST_P(ConvolutionalNetwork, LayersThatDoNotFitAreNamed) {
  const auto with = [](LayerSpec spec, int64_t LayerSpec::*part, int64_t value) {
    spec.*part = value;
    return spec;
  };
  const auto expect_refused = [&](const std::vector<LayerSpec>& layers, const std::string& what) {
    Recipe recipe = convolutional_recipe();
    recipe.network.layers = layers;
    recipe.training.skip_first_layer = false;
    const std::string message = error_of(ExitCode::recipe, [&] { make(recipe); });
    expect_has(message, what);
    EXPECT_EQ(message.find("network.layers: "), 0u) << message;
    EXPECT_EQ(occurrences(message, ".cpp"), 0u) << message;
  };
  const LayerSpec dense = dense_layers({24})[0], max = pool(LayerSpec::Kind::max_pool);
  expect_refused({convolution(16, 11, 1)}, "entry 1: ");
  expect_refused({dense, convolution(16, 3, 1)}, "entry 2: ");
  expect_refused({max, dense}, "a pool, expected after a convolution");
  expect_refused({convolution(16, 3, 1), max, max}, "a pool, expected after a convolution");
  expect_refused({convolution(10, 3, 1), dense}, "10 channels, expected a multiple of 8");
  const LayerSpec good = convolution(16, 3, 1);
  expect_refused({with(good, &LayerSpec::padding, 3)}, "expected less than the kernel");
  expect_refused({with(good, &LayerSpec::kernel, 11)},
                 "expected at most the image with its padding");
  expect_refused({with(good, &LayerSpec::stride, 9)},
                 "a stride of 9 on images of 8 x 8 pixels, expected at most their shorter side");
  expect_refused({good, with(good, &LayerSpec::groups, 3)},
                 "expected a divisor of the 16 channels");
  expect_refused({good, with(max, &LayerSpec::window, 9)}, "8 x 8 pixels");

  if (device().queues()) {  // as a GPU
    expect_refused({convolution(24, 3, 1), with(convolution(12, 8, 0), &LayerSpec::groups, 2)},
                   "groups of 24 channels and 12 units, expected multiples of 8");
  }

  // Rows of pixels that a head takes together must not have gaps between them.
  expect_refused({convolution(10, 3, 1)}, "the head reads images of 10 channels");
  expect_refused({convolution(10, 3, 1), max, good}, "the head reads images of 10 channels");
  Recipe recipe = convolutional_recipe();
  recipe.network.layers = {convolution(10, 3, 1), good};  // skips the first layer
  EXPECT_NO_THROW(make(recipe));
  recipe.network.layers = {good, with(convolution(10, 8, 0), &LayerSpec::stride, 1)};  // one pixel
  EXPECT_NO_THROW(make(recipe));
}

FFWD_IN_EVERY_PRECISION_AND_QUEUED(ConvolutionalNetwork);

}  // namespace
}  // namespace ffwd::test
