#include "host/model/model.h"

#include <algorithm>
#include <cmath>

#include "engine/files/checkpoint.h"
#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/basics/json_object.h"
#include "host/model/require_finite.h"
#include "host/recipe/recipe_network.h"

namespace ffwd {
namespace {

NetworkShape network_shape(const Recipe& recipe, const DatasetFormat& format) {
  const InputFormat input{format.image,
                          standardise(recipe, format),
                          int32_t(format.class_names.size()),
                          recipe.data.label_value,
                          norm_of(recipe),
                          recipe.data.label_place};
  return {input, recipe.network.layers, recipe.network.activation, recipe.network.head,
          recipe.training.skip_first_layer};
}

// cuDNN wants pixels without gaps between them, which the padding of rows makes with groups alone.
void check_groups(const LayerShape& layer) {
  if (!layer.convolution || layer.convolution->groups == 1) return;
  const ConvolutionShape& s = *layer.convolution;
  if (s.input.channels == padded_columns(s.input.channels) && s.units == padded_columns(s.units)) {
    return;
  }
  throw RecipeError("network.layers: groups of " + std::to_string(s.input.channels) +
                    " channels and " + std::to_string(s.units) +
                    " units, expected multiples of 8 on a GPU");
}

Model make_network(Device& device, const Recipe& recipe, const DatasetFormat& format,
                   int64_t max_images) {
  const NetworkShape shape = network_shape(recipe, format);
  // Throws RecipeError, and checks the head too.
  for (const LayerShape& layer : layer_shapes(recipe, shape.input.image)) {
    if (device.queues()) check_groups(layer);
  }
  return {recipe, format,
          std::make_unique<Network>(device, shape, objectives(recipe), recipe.optimiser.kind,
                                    max_images)};
}

DatasetFormat read_format(const std::string& text, const std::string& path) {
  const std::string origin = path + ": its image format";
  const JsonObject object = JsonObject::parse(text, origin);
  DatasetFormat format;
  format.image = {object.count("height"), object.count("width"), object.count("channels")};
  format.class_names = object.texts("classes");
  for (const double mean : object.numbers("mean")) format.mean.push_back(float(mean));
  for (const double deviation : object.numbers("deviation")) {
    format.deviation.push_back(float(deviation));
  }
  const auto side_is_sane = [](int64_t side) { return side >= 1 && side <= 4096; };
  const auto channels = size_t(format.image.channels), classes = format.class_names.size();
  const auto is_finite = [](float value) { return std::isfinite(value); };
  const auto is_positive = [](float value) { return std::isfinite(value) && value > 0.0f; };
  const bool possible = side_is_sane(format.image.height) && side_is_sane(format.image.width) &&
                        format.image.channels >= 1 && format.image.channels <= kMaxChannels &&
                        classes >= 2 && int64_t(classes) <= format.image.pixels() &&
                        format.mean.size() == channels && format.deviation.size() == channels &&
                        std::all_of(format.mean.begin(), format.mean.end(), is_finite) &&
                        std::all_of(format.deviation.begin(), format.deviation.end(), is_positive);
  if (!possible) throw FileError(origin + ": no images can have it");
  return format;
}

}  // namespace

Model make_model(Device& device, const Recipe& recipe, const DatasetFormat& format,
                 int64_t max_images) {
  Model model = make_network(device, recipe, format, max_images);
  model.network->initialise(recipe.network.init, recipe.training.seed);
  return model;
}

void save_tensors(const std::vector<LazyTensor>& tensors, const Recipe& recipe,
                  const DatasetFormat& f, const std::string& path) {
  require_finite(tensors);
  const nlohmann::json images{
      {"height", f.image.height}, {"width", f.image.width}, {"channels", f.image.channels},
      {"classes", f.class_names}, {"mean", f.mean},         {"deviation", f.deviation}};
  const std::map<std::string, std::string> metadata{
      {"format", "pt"}, {"recipe", to_text(recipe)}, {"images", images.dump()}};
  write_file_atomically(
      path, [&](const WriteBytes& write) { encode_safetensors(tensors, metadata, write); });
}

void save_model(const Model& model, const std::string& path) {
  save_tensors(network_tensors(*model.network), model.recipe, model.format, path);
}

Model load_model(Device& device, const std::string& path) {
  const std::string bytes = read_regular_file(path);
  return reading_file([&] {
    const SafetensorsFile file = decode_safetensors(bytes, path);
    const auto recipe = file.metadata.find("recipe"), images = file.metadata.find("images");
    if (recipe == file.metadata.end() || images == file.metadata.end()) {
      throw Error(path + ": is a safetensors file, but not a model of ffwd: it has no recipe");
    }
    const DatasetFormat format = read_format(images->second, path);
    const Recipe parsed = parse_recorded_recipe(recipe->second, path);
    if (parsed.training.algorithm == Algorithm::backprop) {
      throw Error(path +
                  ": was trained by backpropagation; ffwd reads what Forward-Forward trained");
    }
    try {
      check_weights(layer_shapes(parsed, format.image), file, path);
      Model model = make_network(device, parsed, format, /*max_images=*/0);
      load_network(*model.network, file, path);
      return model;
    } catch (const RecipeError& error) {
      throw FileError(path + ": " + error.what());
    }
  });
}

}  // namespace ffwd
