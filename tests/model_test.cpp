// Models on disk: what was saved is what is loaded, and damage is named.
#include "host/model/model.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/files/checkpoint.h"
#include "engine/network/classifier.h"
#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "tests/safetensors_bytes.h"
#include "tests/temporary_folder.h"
#include "tests/text_check.h"
#include "tests/toy_data.h"

namespace ffwd::test {
namespace {

class Models : public ::testing::Test {
 protected:
  Model model() { return make_model(*device_, toy_recipe(), data_.format, 30); }

  // The FileError that loading `path` must give.
  std::string load_error(const std::string& path) {
    return error_of(ExitCode::files, [&] { load_model(*device_, path); });
  }

  std::unique_ptr<Device> device_ = make_cpu_device();
  Dataset data_ = toy_dataset();
  TemporaryFolder folder_;
};

TEST_F(Models, ComeBackAsTheyWere) {
  const Model saved = model();
  save_model(saved, folder_ / "m.safetensors");
  const Model loaded = load_model(*device_, folder_ / "m.safetensors");
  EXPECT_EQ(to_text(loaded.recipe), to_text(saved.recipe));
  EXPECT_EQ(loaded.format.class_names, saved.format.class_names);
  const auto a = with_data(network_tensors(*saved.network)),
             b = with_data(network_tensors(*loaded.network));
  ASSERT_EQ(a.size(), b.size());
  for (size_t t = 0; t < a.size(); ++t) EXPECT_EQ(a[t].data, b[t].data) << a[t].name;
  const Vector<uint8_t> pixels(*device_, data_.test.pixels);
  EXPECT_EQ(Classifier(*saved.network).goodness(pixels.view().data, 100),
            Classifier(*loaded.network).goodness(pixels.view().data, 100));
}

TEST_F(Models, HaveTheNamesAndShapesOfPyTorch) {
  const auto tensors = with_data(network_tensors(*model().network));
  ASSERT_EQ(tensors.size(), 7u);
  EXPECT_EQ(tensors[0].name, "0.weight");
  EXPECT_EQ(tensors[0].shape, (std::vector<int64_t>{48, 64}));
  EXPECT_EQ(tensors[1].name, "0.bias");
  EXPECT_EQ(tensors[1].shape, (std::vector<int64_t>{48}));
  EXPECT_EQ(tensors[6].name, "head.weight");
  EXPECT_EQ(tensors[6].shape, (std::vector<int64_t>{5, 40 + 33}));
}

TEST_F(Models, HeadsKeepTheirPartsSideBySide) {
  Model m = model();
  auto& parts = m.network->head()->weights();
  std::vector<float> first(5 * 40), second(5 * 33);
  for (size_t i = 0; i < first.size(); ++i) first[i] = float(i);
  for (size_t i = 0; i < second.size(); ++i) second[i] = -float(i);
  parts[0].upload(first, {});
  parts[1].upload(second, {});
  const auto head = with_data(network_tensors(*m.network)).back().data;
  EXPECT_EQ(head[1 * 73 + 3], first[1 * 40 + 3]);
  EXPECT_EQ(head[4 * 73 + 40 + 5], second[4 * 33 + 5]);
}

TEST_F(Models, ThatAreMissingOrDamagedAreNamed) {
  expect_contains(load_error(folder_ / "none.safetensors"), {"none.safetensors"});
  save_model(model(), folder_ / "m.safetensors");
  const std::string bytes = content_of(folder_ / "m.safetensors");
  expect_contains(load_error(folder_.write("half.safetensors", bytes.substr(0, bytes.size() / 2))),
                  {"half.safetensors"});
  expect_contains(load_error(folder_.write("text.safetensors", "hello, this is no model")),
                  {"text.safetensors"});
  const auto tensors = with_data(network_tensors(*model().network));
  expect_contains(load_error(folder_.write("plain.safetensors", safetensors_bytes(tensors, {}))),
                  {"plain.safetensors", "not a model of ffwd"});
}

// Of a network without a head no tensor tells how many classes there are.
TEST_F(Models, WithImagesOrARecipeThatCannotBeAreNamed) {
  Model m = model();
  m.recipe.network.head = false;
  m.recipe.training.skip_first_layer = false;
  m.recipe.negatives.labels = Negatives::random;
  m.network = make_model(*device_, m.recipe, m.format, 20).network;
  const std::string path = folder_ / "changed.safetensors";
  const auto error_of = [&](const Model& changed) {
    save_model(changed, path);
    return load_error(path);
  };
  save_model(m, path);
  EXPECT_NO_THROW(load_model(*device_, path));
  const auto expect_damaged = [&](auto damage) {
    Model changed{m.recipe, m.format, nullptr};
    damage(changed.format);
    changed.network = std::move(m.network);
    expect_contains(error_of(changed), {"changed.safetensors", "its image format"});
    m.network = std::move(changed.network);
  };
  expect_damaged([](DatasetFormat& f) { f.class_names.assign(2000, "x"); });
  expect_damaged([](DatasetFormat& f) { f.image.height = -1; });
  expect_damaged([](DatasetFormat& f) { f.deviation = {0.0f}; });
  expect_damaged([](DatasetFormat& f) { f.mean = {}; });

  m.recipe.network.layers[0].units = 0;
  expect_contains(error_of(m), {"changed.safetensors", "recipe is damaged"});
  // Named before memory is taken for it: 4 TB here.
  m.recipe.network.layers = dense_layers({1000000, 1000000, 33});
  expect_contains(error_of(m), {"changed.safetensors", "\"0.weight\" has shape (48, 64)"});
  SafetensorsFile file{with_data(network_tensors(*m.network)), {}};
  file.tensors[0].data[5] = std::nanf("");
  EXPECT_THROW(load_network(*m.network, file, "m"), Error);
}

TEST_F(Models, ThatAreNotFiniteAreNotSaved) {
  Model m = model();
  std::vector<float> weights = m.network->layers()[1].weights();
  weights.back() = std::nanf("");
  m.network->layers()[1].set(weights, m.network->layers()[1].biases());
  const std::string path = folder_ / "m.safetensors";
  expect_contains(error_of(ExitCode::not_finite, [&] { save_model(m, path); }), {"1.weight"});
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Models, OfAnotherShapeAreRefused) {
  Model m = model();
  SafetensorsFile file{with_data(network_tensors(*m.network)), {}};
  file.tensors[2].shape = {48, 40};
  EXPECT_THROW(load_network(*m.network, file, "m"), Error);
  file = {with_data(network_tensors(*m.network)), {}};
  file.tensors.pop_back();
  EXPECT_THROW(load_network(*m.network, file, "m"), Error);
  file = {with_data(network_tensors(*m.network)), {}};
  file.tensors.push_back({"extra", {1}, {0}});
  EXPECT_THROW(load_network(*m.network, file, "m"), Error);
}

}  // namespace
}  // namespace ffwd::test
