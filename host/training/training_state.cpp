#include "host/training/training_state.h"

#include <zlib.h>

#include <nlohmann/json.hpp>

#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/recipe/recipe_text.h"
#include "host/training/device_options.h"
#include "host/training/require_finite.h"

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
    json.at("device").get_to(state.setup.device);
    json.at("gpu").get_to(state.setup.gpu);
    json.at("measured_algorithms").get_to(state.setup.measured_algorithms);
    const auto precision = precision_named(json.at("precision").get<std::string>());
    const auto executor = executor_named(json.at("executor").get<std::string>());
    if (!precision) throw Error(path + ": its progress is damaged: there is no such precision");
    if (!executor) throw Error(path + ": its progress is damaged: there is no such executor");
    state.setup.precision = *precision;
    state.setup.executor = *executor;
    json.at("images").get_to(state.data.images);
    json.at("data_crc").get_to(state.data.crc);
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

bool operator==(const ComputeSetup& a, const ComputeSetup& b) {
  return a.device == b.device && a.gpu == b.gpu && a.precision == b.precision &&
         a.measured_algorithms == b.measured_algorithms && a.executor == b.executor;
}

ComputeSetup setup_of(const Device& device, ExecutorKind executor) {
  return {device.name(), device.queues(), device.precision(), device.measured_algorithms(),
          executor};
}

DataIdentity identity_of(const Images& train) {
  const auto labels = reinterpret_cast<const Bytef*>(train.labels.data());
  const uLong crc = crc32_z(0, train.pixels.data(), train.pixels.size());
  return {train.count, uint32_t(crc32_z(crc, labels, train.labels.size() * sizeof(int32_t)))};
}

void require_same_data(const TrainingState& state, const DataIdentity& data,
                       const std::string& path) {
  if (state.data.images == data.images && state.data.crc == data.crc) return;
  throw DataError(path + ": its training learnt from " + std::to_string(state.data.images) +
                  " images, but " + state.recipe.data.name + " has " +
                  (data.images == state.data.images ? "others" : std::to_string(data.images)) +
                  " here: name their folder with --data-dir");
}

void save_training_state(const TrainingState& state, const std::string& path) {
  require_finite(state.learnt.tensors);
  const ComputeSetup& setup = state.setup;
  const nlohmann::json progress{{"recipe_file", state.recipe_file},
                                {"device", setup.device},
                                {"gpu", setup.gpu},
                                {"precision", to_string(setup.precision)},
                                {"measured_algorithms", setup.measured_algorithms},
                                {"executor", name_of(setup.executor)},
                                {"images", state.data.images},
                                {"data_crc", state.data.crc},
                                {"epochs", state.epochs},
                                {"steps", state.steps},
                                {"train_seconds", state.train_seconds},
                                {"total_seconds", state.total_seconds}};
  // A file's name need not be UTF-8.
  const std::string text =
      progress.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
  write_file_atomically(
      path, encode_safetensors(state.learnt.tensors,
                               {{"recipe", to_text(state.recipe)}, {"progress", text}}));
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
