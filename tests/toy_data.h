// A small data set that a network can learn: one random picture for each class, with noise.
#pragma once

#include "host/data/dataset.h"
#include "host/recipe/recipe.h"
#include "kernels/random.h"

namespace ffwd::test {

inline Images toy_images(int64_t count, int64_t side, int32_t classes, uint64_t noise_seed,
                         int64_t channels = 1) {
  Images images;
  images.count = count;
  images.shape = {side, side, channels};
  for (int64_t i = 0; i < count; ++i) {
    const auto label = int32_t(i % classes);
    images.labels.push_back(label);
    for (int64_t p = 0; p < side * side * channels; ++p) {
      const uint32_t picture =
          random_bits(1, RandomUse::weights, uint64_t(p), uint32_t(label)).word[0];
      const uint32_t noise =
          random_bits(noise_seed, RandomUse::weights, uint64_t(i), uint32_t(p)).word[0];
      images.pixels.push_back(uint8_t((picture >> 25) + (noise >> 25)));
    }
  }
  return images;
}

inline Dataset toy_dataset(int64_t train = 400, int64_t test = 100, int64_t channels = 1) {
  Dataset data;
  data.name = "toy";
  data.format.image = {8, 8, channels};
  data.format.class_names = {"a", "b", "c", "d", "e"};
  data.train = toy_images(train, 8, 5, 2, channels);
  data.test = toy_images(test, 8, 5, 3, channels);
  data.format.mean.assign(size_t(channels), 0.5f);
  data.format.deviation.assign(size_t(channels), 0.25f);
  return data;
}

inline Recipe toy_recipe() {
  Recipe recipe;
  recipe.network.layers = dense_layers({48, 40, 33});
  recipe.objective.peer_strength = 0.03f;
  recipe.negatives.labels = Negatives::head;
  recipe.training.epochs = 4;
  recipe.training.batch = 30;  // the last batch of an epoch is smaller
  recipe.training.seed = 7;
  return recipe;
}

}  // namespace ffwd::test
