// A recipe: one experiment as plain data. Sections and keys of the file are the structs and fields
// below.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/network/network.h"
#include "kernels/names.h"

namespace ffwd {

enum class Negatives { fixed, random, head };
enum class Algorithm { forward_forward, backprop };
inline constexpr Named<Algorithm> kAlgorithms[] = {{"forward-forward", Algorithm::forward_forward},
                                                   {"backprop", Algorithm::backprop}};
enum class Schedule { simultaneous, greedy, pipelined };
inline constexpr Named<Schedule> kSchedules[] = {{"simultaneous", Schedule::simultaneous},
                                                 {"greedy", Schedule::greedy},
                                                 {"pipelined", Schedule::pipelined}};
enum class RateDecay { constant, linear_after_half };
enum class Prediction { per_image, per_batch };

// Most steps that are planned at once, so that layers overlap within them. Filling and draining the
// lanes costs about as much as one step for each layer.
inline constexpr int64_t kStepsOfAPlan = 64;

// Fully connected layers of these units.
std::vector<LayerSpec> dense_layers(const std::vector<int64_t>& units);

// What each key means and takes: recipe_fields(), which ffwd train --help prints.
struct Recipe {
  std::string title;

  struct Data {
    std::string name = "mnist";
    int64_t train_images = 0;
    int64_t test_images = 0;
    bool standardise = false;
    float label_value = 1.0f;
    LabelPlace label_place = LabelPlace::pixels;
  } data;

  struct Network {
    std::vector<LayerSpec> layers = dense_layers({500, 500, 500});
    Activation activation = Activation::relu;
    NormKind normalise = NormKind::rms;
    WeightInit init = WeightInit::normal;
    bool head = true;
  } network;

  struct Objective {
    Goodness goodness = Goodness::sum_squares;
    GoodnessOf goodness_of = GoodnessOf::image;
    std::vector<float> threshold;  // one for all layers or one for each; empty: "width"
    float temperature = 1.0f;
    float peer_strength = 0.0f;
    float peer_momentum = 0.9f;
  } objective;

  struct NegativeData {
    Negatives labels = Negatives::random;
    int64_t lag = 0;
  } negatives;

  struct Optimiser {
    OptimiserKind kind = OptimiserKind::momentum;
    float learning_rate = 0.01f;
    float weight_decay = 0.0f;
    float momentum = 0.9f;
    float beta1 = 0.9f, beta2 = 0.999f, eps = 1e-8f;
    float head_learning_rate = 0.1f;
    float head_weight_decay = 0.003f;
    RateDecay decay = RateDecay::constant;
  } optimiser;

  struct Training {
    Algorithm algorithm = Algorithm::forward_forward;
    Schedule schedule = Schedule::simultaneous;
    int64_t epochs = 10;
    int64_t batch = 100;
    bool shuffle = true;
    uint64_t seed = 1234;
    int64_t evaluate_every = 1;
    bool skip_first_layer = true;
  } training;

  struct Reference {
    std::string source;
    std::optional<float> train_accuracy, test_accuracy;  // empty: "none"
    Prediction prediction = Prediction::per_image;
    std::vector<float> losses;  // empty: "none"
  } reference;
};

// How many of network.layers learn: all but pools.
int64_t learning_layers(const Recipe& recipe);

// Reads a recipe file (its format: host/recipe/recipe_text.h) and applies overrides of the form
// "section.key=value"; the last one wins. Throws RecipeError naming the file, the key, what was
// found and what was expected; an unknown key names the nearest valid one. Layers must fit one
// another and the images of the data set.
//
// A file whose first line is base = "other.toml" starts from that recipe, named from the file's own
// folder, instead of from the defaults.
Recipe load_recipe(const std::string& path, const std::vector<std::string>& overrides = {});

// The path of the recipe that the file at `path` starts from; none: the defaults.
std::optional<std::string> base_recipe(const std::string& path);

// The same as load_recipe from text, which has no base, and for images of any size; `origin` names
// it in messages.
Recipe parse_recipe(const std::string& text, const std::string& origin,
                    const std::vector<std::string>& overrides = {});

// The recipe that a run has left in a file. Throws FileError if it is damaged.
Recipe parse_recorded_recipe(const std::string& text, const std::string& origin);

// Every key with its value, in the format that parse_recipe reads: parse_recipe(to_text(r), ...)
// equals r.
std::string to_text(const Recipe& recipe);

// Every key with its default, range and meaning: what the user reads.
std::string recipe_reference();

}  // namespace ffwd
