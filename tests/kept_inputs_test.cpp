// What reaches the layers that learn is computed once where every step learns from the same images;
// it changes nothing.
#include "engine/files/checkpoint.h"
#include "host/model/model.h"
#include "host/plan/recipe_plan.h"
#include "host/training/batches.h"
#include "host/training/step_values.h"
#include "host/training/steps.h"
#include "tests/devices.h"
#include "tests/safetensors_bytes.h"
#include "tests/toy_convolutions.h"

namespace ffwd::test {
namespace {

class KeptInputs : public OnDevice {
 protected:
  // Three steps a stage on all images at once.
  std::vector<std::vector<float>> weights_after(const Recipe& recipe, bool keeps) {
    const Model model = make_model(device(), recipe, data.format, data.train.count);
    const Vector<uint8_t> pixels(device(), data.train.pixels);
    Steps steps(*model.network, recipe, pixels.view().data, data.train.count, keeps);
    const std::vector<int32_t> order = in_order(data.train.count);
    const Vector<int32_t> sample(device(), order);
    const Vector<int32_t> label(device(), epoch_labels(order, data.train.labels, data.train.count));
    for (const Stage& stage : stages_of(recipe)) {
      for (int64_t number = 0; number < 3; ++number) {
        const Vector<StepValues> values(device(), step_values(recipe, 1.0f, number, number, 1));
        steps.run(stage, {sample.view(), label.view(), values.view()});
      }
    }
    std::vector<std::vector<float>> weights;
    for (const NamedTensor& tensor : with_data(network_tensors(*model.network))) {
      weights.push_back(tensor.data);
    }
    return weights;
  }

  const Dataset data = toy_dataset(400, 100, 3);
};

// Steps that keep what reaches a layer give what steps that compute it again give, also where layers
// share the memory of what they hand on.
TEST_P(KeptInputs, ChangeNothing) {
  std::vector<Recipe> recipes(4, convolutional_recipe());
  for (size_t i = 1; i < recipes.size(); ++i) recipes[i].network.head = false;
  const LayerSpec same = convolution(16, 3, 1);
  recipes[1].network.layers = {same, same, pool(LayerSpec::Kind::max_pool), same, same};
  recipes[2].network.layers = recipes[3].network.layers = dense_layers({24, 24, 24, 24});
  recipes[3].objective.peer_strength = 0.03f;
  for (Recipe& recipe : recipes) {
    SCOPED_TRACE(to_text(recipe));
    recipe.negatives.labels = Negatives::fixed;
    recipe.training.schedule = Schedule::greedy;
    recipe.training.batch = data.train.count;
    recipe.training.epochs = 3;
    const auto again = weights_after(recipe, /*keeps=*/false);
    EXPECT_EQ(weights_after(recipe, /*keeps=*/true), again);
  }
}

FFWD_IN_EVERY_PRECISION_AND_QUEUED(KeptInputs);

}  // namespace
}  // namespace ffwd::test
