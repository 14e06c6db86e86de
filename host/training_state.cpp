#include "host/training_state.h"

#include <nlohmann/json.hpp>

#include "host/device_options.h"
#include "host/errors.h"
#include "host/file_io.h"
#include "host/recipe_text.h"

namespace ffwd {
namespace {

constexpr uint64_t kLargestState = uint64_t(24) << 30;  // bytes

const std::string& metadata(const SafetensorsFile& file, const std::string& key,
                            const std::string& path) {
  const auto found = file.metadata.find(key);
  if (found != file.metadata.end()) return found->second;
  throw Error(path + ": is a safetensors file, but not the state of a training: it has no " + key);
}

void read_progress(const std::string& text, const std::string& path, TrainingState& state) {
  try {
    const nlohmann::json json = nlohmann::json::parse(text);
    json.at("recipe_file").get_to(state.recipe_file);
    json.at("device").get_to(state.device);
    const auto precision = precision_named(json.at("precision").get<std::string>());
    if (!precision) throw Error(path + ": its progress is damaged: there is no such precision");
    state.precision = *precision;
    json.at("measured_algorithms").get_to(state.measured_algorithms);
    json.at("epochs").get_to(state.epochs);
    json.at("steps").get_to(state.steps);
    json.at("train_seconds").get_to(state.train_seconds);
    json.at("total_seconds").get_to(state.total_seconds);
  } catch (const nlohmann::json::exception& error) {
    throw Error(path + ": its progress is damaged: " + error.what());
  }
  if (state.epochs < 0 || state.steps < 0) {
    throw Error(path + ": its progress is damaged: it counts below zero");
  }
}

}  // namespace

void save_training_state(const TrainingState& state, const std::string& path) {
  const nlohmann::json progress{{"recipe_file", state.recipe_file},
                                {"device", state.device},
                                {"precision", to_string(state.precision)},
                                {"measured_algorithms", state.measured_algorithms},
                                {"epochs", state.epochs},
                                {"steps", state.steps},
                                {"train_seconds", state.train_seconds},
                                {"total_seconds", state.total_seconds}};
  write_file_atomically(
      path, encode_safetensors(state.learnt.tensors,
                               {{"recipe", to_text(state.recipe)}, {"progress", progress.dump()}}));
}

TrainingState load_training_state(const std::string& path) {
  const std::string bytes = read_file(path, kLargestState);
  try {
    TrainingState state;
    state.learnt = decode_safetensors(bytes, path);
    read_progress(metadata(state.learnt, "progress", path), path, state);
    state.recipe = parse_recipe(metadata(state.learnt, "recipe", path), path);
    return state;
  } catch (const RecipeError& error) {
    throw FileError(path + ": its recipe is damaged: " + error.what());
  } catch (const UserError&) {
    throw;
  } catch (const Error& error) {
    throw FileError(error.what());
  }
}

}  // namespace ffwd
