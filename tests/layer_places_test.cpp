// Which layers share memory, worked out by hand.
#include "engine/network/layer_places.h"

#include <gtest/gtest.h>

namespace ffwd::test {
namespace {

constexpr auto kConvolution = LayerSpec::Kind::convolution;
using Places = std::vector<int64_t>;

std::vector<LayerShape> shapes(const std::vector<LayerSpec>& specs) {
  return layer_shapes(specs, {28, 28, 1}, Activation::relu, {});
}

std::vector<LayerShape> dense(const std::vector<int64_t>& units) {
  std::vector<LayerSpec> specs;
  for (const int64_t count : units) specs.push_back({LayerSpec::Kind::dense, count});
  return shapes(specs);
}

TEST(LayerPlaces, EqualLayers) {
  const LayerPlaces places = layer_places(dense({9, 9, 9, 9}), /*take_turns=*/true, /*head=*/false);
  EXPECT_EQ(places.z, (Places{0, 0, 0, 0}));
  EXPECT_EQ(places.next, (Places{0, 1, 0, 1})) << "a layer does not write over what it reads";
  EXPECT_EQ(places.gradient, (Places{0, 1, 1, 1})) << "the first reads images";
}

TEST(LayerPlaces, AHeadReadsWhatAllLayersHandOn) {
  const LayerPlaces places = layer_places(dense({9, 9, 9, 9}), /*take_turns=*/true, /*head=*/true);
  EXPECT_EQ(places.z, (Places{0, 0, 0, 0}));
  EXPECT_EQ(places.next, (Places{0, 1, 2, 3}));
}

TEST(LayerPlaces, LayersThatLearnAtOnceHaveTheirOwn) {
  const LayerPlaces places = layer_places(dense({9, 9, 9}), /*take_turns=*/false, /*head=*/false);
  for (const Places& own : {places.z, places.next, places.gradient}) {
    EXPECT_EQ(own, (Places{0, 1, 2}));
  }
}

TEST(LayerPlaces, OtherWidthsDoNotFit) {
  const LayerPlaces places = layer_places(dense({9, 5, 9, 5}), /*take_turns=*/true, /*head=*/false);
  EXPECT_EQ(places.z, (Places{0, 1, 0, 1}));
  EXPECT_EQ(places.next, (Places{0, 1, 0, 1}));
  EXPECT_EQ(places.gradient, (Places{0, 1, 2, 1}));
}

// 26 x 26, 24 x 24, 30 x 30 and 28 x 28 pixels.
TEST(LayerPlaces, MorePixelsDoNotFit) {
  const LayerPlaces places = layer_places(shapes({{kConvolution, 8, 3},
                                                  {kConvolution, 16, 3},
                                                  {kConvolution, 8, 7, 1, 6},
                                                  {kConvolution, 8, 3}}),
                                          /*take_turns=*/true, /*head=*/false);
  EXPECT_EQ(places.z, (Places{0, 1, 2, 2}));
  EXPECT_EQ(places.next, (Places{0, 1, 2, 3})) << "the last one reads what the third hands on";
}

TEST(LayerPlaces, WhatIsHandedOnIsPooled) {
  const LayerPlaces places = layer_places(shapes({{kConvolution, 8, 3},
                                                  {LayerSpec::Kind::max_pool},
                                                  {kConvolution, 8, 3, 1, 1},
                                                  {kConvolution, 8, 3, 1, 1}}),
                                          /*take_turns=*/true, /*head=*/false);
  EXPECT_EQ(places.z, (Places{0, 0, 0}));
  EXPECT_EQ(places.next, (Places{0, 1, 0})) << "13 x 13 pixels each";
}

// 4 taps of 7 channels, each with a column of zeros, and 28 channels with four behind them.
TEST(LayerPlaces, ZerosInOtherColumnsDoNotFit) {
  const std::vector<LayerShape> layers = shapes({{kConvolution, 7, 5, 5},
                                                 {kConvolution, 28, 2},
                                                 {kConvolution, 28, 1},
                                                 {kConvolution, 28, 1}});
  ASSERT_EQ(layers[1].inputs, layers[2].inputs);
  ASSERT_EQ(layers[1].fan_in(), layers[2].fan_in());
  EXPECT_EQ(layer_places(layers, /*take_turns=*/true, /*head=*/false).gradient,
            (Places{0, 1, 2, 2}));
}

}  // namespace
}  // namespace ffwd::test
