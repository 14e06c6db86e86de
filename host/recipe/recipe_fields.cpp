#include "host/recipe/recipe_fields.h"

#include <limits>

#include "host/data/data_catalog.h"
#include "host/recipe/recipe_kinds.h"
#include "host/recipe/recipe_layers.h"

namespace ffwd {
namespace {

constexpr int64_t kMillion = 1000000;
constexpr Integer<int64_t> kCount{0, 1000 * kMillion};
constexpr Integer<int64_t> kEpochs{1, kMillion};
constexpr Integer<int64_t> kEpochsOrNone{0, kMillion};
constexpr Integer<int64_t> kLag{0, kStepsOfAPlan - 1};
constexpr Integer<uint64_t> kSeed{0, std::numeric_limits<uint64_t>::max()};
constexpr Number kAnyNumber{-1e6f, 1e6f};
constexpr Number kRate{0.0f, 1000.0f};
constexpr Number kPositive{0.0f, 1000.0f, Bounds::without_low};
constexpr Number kDecay{0.0f, 1.0f};
constexpr Number kMomentum{0.0f, 1.0f, Bounds::without_high};
constexpr Switch kSwitch;

const List<LayerEntry> kLayers{{}, 1000};
const NumbersOrWord kThreshold{{kAnyNumber, 1000}, "width"};
const NumberOrWord kStatedPercent{{0.0f, 100.0f}, "none"};
const NumbersOrWord kStatedLosses{{{0.0f, 1e6f}, 1000}, "none"};

Choice<std::string> data_sets() {
  Choice<std::string> choice;
  for (const CatalogEntry& entry : data_catalog()) {
    choice.table.push_back({entry.name.c_str(), entry.name});
  }
  return choice;
}

const Choice<std::string> kDataSets = data_sets();
const Choice<LabelPlace> kLabelPlaceNames{
    {{"pixels", LabelPlace::pixels}, {"waves", LabelPlace::waves}}};
const Choice<Activation> kActivationNames{{std::begin(kActivations), std::end(kActivations)}};
const Choice<NormKind> kNormNames{{std::begin(kNormKinds), std::end(kNormKinds)}};
const Choice<WeightInit> kInitNames{
    {{"normal", WeightInit::normal}, {"uniform", WeightInit::uniform}}};
const Choice<Goodness> kGoodnessNames{{std::begin(kGoodnesses), std::end(kGoodnesses)}};
const Choice<GoodnessOf> kGoodnessOfNames{
    {{"image", GoodnessOf::image}, {"pixel", GoodnessOf::pixel}}};
const Choice<Negatives> kNegativeNames{
    {{"fixed", Negatives::fixed}, {"random", Negatives::random}, {"head", Negatives::head}}};
const Choice<OptimiserKind> kOptimiserNames{
    {{"momentum", OptimiserKind::momentum}, {"adam", OptimiserKind::adam}}};
const Choice<RateDecay> kDecayNames{
    {{"constant", RateDecay::constant}, {"linear_after_half", RateDecay::linear_after_half}}};
const Choice<Prediction> kPredictionNames{
    {{"per_image", Prediction::per_image}, {"per_batch", Prediction::per_batch}}};
const Choice<Algorithm> kAlgorithmNames{{std::begin(kAlgorithms), std::end(kAlgorithms)}};
const Choice<Schedule> kScheduleNames{{std::begin(kSchedules), std::end(kSchedules)}};

template <typename Kind, typename T>
bool read_value(const Kind& kind, const RecipeValue& value, T& result) {
  return !value.is_array && kind.read(value.items.at(0), result);
}

template <typename Item, typename T>
bool read_value(const List<Item>& list, const RecipeValue& value, std::vector<T>& result) {
  return value.is_array && list.read(value.items, result);
}

bool read_value(const NumbersOrWord& kind, const RecipeValue& value, std::vector<float>& result) {
  return value.is_array ? kind.numbers.read(value.items, result) : kind.read(value.items, result);
}

template <typename Kind, typename Member>
RecipeField field(const std::string& name, const Kind& kind, Member member,
                  const std::string& meaning) {
  const std::size_t dot = name.find('.');
  RecipeField result;
  if (dot != std::string::npos) result.section = name.substr(0, dot);
  result.key = name.substr(dot + 1);  // npos + 1 is 0
  result.meaning = meaning;
  result.expected = kind.expected();
  result.words = kind.words();
  result.read = [kind, member](const RecipeValue& value, Recipe& recipe) {
    return read_value(kind, value, member(recipe));
  };
  result.write = [kind, member](const Recipe& recipe) { return kind.write(member(recipe)); };
  return result;
}

}  // namespace

// Name and member are one: a key cannot drift away from its struct.
#define FFWD_FIELD(name, kind, meaning) \
  field(                                \
      #name, kind, [](auto& recipe) -> auto& { return recipe.name; }, meaning)

const std::vector<RecipeField>& recipe_fields() {
  static const std::vector<RecipeField> fields = {
      FFWD_FIELD(title, Text(), "what the run is called in reports"),

      FFWD_FIELD(data.name, kDataSets, "the data set"),
      FFWD_FIELD(data.train_images, kCount, "train on the first N images; 0: all"),
      FFWD_FIELD(data.test_images, kCount, "test on the first N images; 0: all"),
      FFWD_FIELD(data.standardise, kSwitch,
                 "subtract the mean, divide by the deviation that the catalog has for the set; "
                 "else bytes / 255"),
      FFWD_FIELD(data.label_value, kAnyNumber, "what the overlay writes into the image"),
      FFWD_FIELD(data.label_place, kLabelPlaceNames,
                 "the label: in the first pixels, or a wave all over what a convolution reads"),

      FFWD_FIELD(network.layers, kLayers, "the layers, in order"),
      FFWD_FIELD(network.activation, kActivationNames, "what a layer does to its sums"),
      FFWD_FIELD(
          network.normalise, kNormNames,
          "the length that a layer's input is divided by: none, l2 norm or root mean square"),
      FFWD_FIELD(network.init, kInitNames,
                 "weights N(0, 1/fan_in) and no bias, or both from U(+-1/sqrt(fan_in))"),
      FFWD_FIELD(network.head, kSwitch, "train a softmax classifier on the normalised activities"),

      FFWD_FIELD(objective.goodness, kGoodnessNames, "what each layer measures of its activities"),
      FFWD_FIELD(objective.goodness_of, kGoodnessOfNames,
                 "what of a convolution has a goodness and a loss: whole images or each pixel"),
      FFWD_FIELD(objective.threshold, kThreshold,
                 "the goodness that parts positive from negative; \"width\": units of the layer"),
      FFWD_FIELD(objective.temperature, kPositive, "divides goodness minus threshold in the loss"),
      FFWD_FIELD(objective.peer_strength, kRate, "lambda of peer normalisation; 0: off"),
      FFWD_FIELD(objective.peer_momentum, kMomentum, "of the mean activities behind it"),

      FFWD_FIELD(
          negatives.labels, kNegativeNames,
          "wrong labels: fixed for the run, random at each step, or from the head's softmax"),
      FFWD_FIELD(
          negatives.lag, kLag,
          "labels = head: from the head as it was N steps earlier, or where its plan of up to " +
              std::to_string(kStepsOfAPlan) +
              " steps began; another algorithm, but layers overlap"),

      FFWD_FIELD(optimiser.kind, kOptimiserNames, "how gradients become updates"),
      FFWD_FIELD(optimiser.learning_rate, kRate, "of the layers"),
      FFWD_FIELD(optimiser.weight_decay, kDecay, "decoupled; weights only, not biases"),
      FFWD_FIELD(optimiser.momentum, kMomentum, "of the gradient, when kind is momentum"),
      FFWD_FIELD(optimiser.beta1, kMomentum, "of the gradient, when kind is adam"),
      FFWD_FIELD(optimiser.beta2, kMomentum, "of the squared gradient, when kind is adam"),
      FFWD_FIELD(optimiser.eps, kPositive, "keeps adam from dividing by zero"),
      FFWD_FIELD(optimiser.head_learning_rate, kRate, "of the head"),
      FFWD_FIELD(optimiser.head_weight_decay, kDecay, "of the head"),
      FFWD_FIELD(optimiser.decay, kDecayNames, "how the learning rates go on"),

      FFWD_FIELD(
          training.algorithm, kAlgorithmNames,
          "backprop, a baseline: all layers learn from the head's loss, at the layers' rate; "
          "[objective] and [negatives] do not matter then"),
      FFWD_FIELD(training.schedule, kScheduleNames,
                 "every layer at each step; layer after layer; or like the first, overlapped"),
      FFWD_FIELD(training.epochs, kEpochs, "passes over the images; of each layer when greedy"),
      FFWD_FIELD(training.batch, kCount,
                 "pairs in a step; 0, or more than there are: all training images"),
      FFWD_FIELD(training.shuffle, kSwitch, "show the images in a new order in each epoch"),
      FFWD_FIELD(training.seed, kSeed, "of weights, shuffles and labels"),
      FFWD_FIELD(training.evaluate_every, kEpochsOrNone, "epochs; 0: at the end only"),
      FFWD_FIELD(training.skip_first_layer, kSwitch,
                 "when goodness is summed up to classify, or activities go to the head"),

      FFWD_FIELD(reference.source, Text(),
                 "who states the figures below for this experiment; they change nothing"),
      FFWD_FIELD(reference.train_accuracy, kStatedPercent, "in percent"),
      FFWD_FIELD(reference.test_accuracy, kStatedPercent, "in percent"),
      FFWD_FIELD(
          reference.prediction, kPredictionNames,
          "how the source classified: each image on its own, or all images as the one class with "
          "the most goodness over them"),
      FFWD_FIELD(reference.losses, kStatedLosses,
                 "of each layer at its last step, in nats; backprop has one for all"),
  };
  return fields;
}

const RecipeField* find_field(const std::string& name) {
  for (const RecipeField& field : recipe_fields()) {
    if (field.name() == name) return &field;
  }
  return nullptr;
}

}  // namespace ffwd
