#include "host/training/training_state.h"

#include <zlib.h>

#include <algorithm>
#include <cmath>

#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/basics/json_object.h"
#include "host/model/require_finite.h"
#include "host/plan/recipe_plan.h"
#include "host/recipe/recipe_text.h"
#include "host/training/batches.h"

namespace ffwd {
namespace {

// CRC-32 of all that is added.
class Checksum {
 public:
  void add(const void* bytes, size_t size) {
    if (size == 0) return;  // nothing has no address, for which crc32_z begins anew
    crc_ = crc32_z(crc_, static_cast<const Bytef*>(bytes), size);
  }
  void add(const std::string& text) { add(text.data(), text.size()); }
  void add(const std::string& name, const std::vector<float>& data) {
    add(name);
    add(data.data(), data.size() * sizeof(float));
  }
  uint32_t value() const { return uint32_t(crc_); }

 private:
  uLong crc_ = 0;
};

const std::string& metadata(const SafetensorsFile& file, const std::string& key,
                            const std::string& path) {
  const auto found = file.metadata.find(key);
  if (found != file.metadata.end()) return found->second;
  throw Error(path +
              ": is a safetensors file, but no state that this version can go on from: it has no " +
              key);
}

void check_sum(const SafetensorsFile& file, const std::string& path) {
  Checksum sum;
  sum.add(metadata(file, "recipe", path));
  sum.add(metadata(file, "progress", path));
  for (const NamedTensor& tensor : file.tensors) sum.add(tensor.name, tensor.data);
  if (metadata(file, "crc", path) == std::to_string(sum.value())) return;
  throw Error(path + ": damaged, its checksum does not match");
}

// Where the recipe's training can have stopped: after some or all of its steps, every complete
// epoch counted.
void check_progress(const TrainingState& state, const JsonObject& progress) {
  const int64_t images = state.data.images;
  if (images < 1 || images > INT32_MAX) progress.wrong("images", "a number of images");
  const Recipe& recipe = state.recipe;
  const auto stages = stages_of(recipe);
  const int64_t in_an_epoch = steps_an_epoch(images, batch_of(recipe, images));
  const int64_t epochs = int64_t(stages.size()) * recipe.training.epochs;
  if (state.steps < 1 || state.steps > epochs * in_an_epoch) {
    progress.wrong("steps", "a number from 1 to the steps of the recipe's " +
                                std::to_string(epochs) + " epochs, " + std::to_string(in_an_epoch) +
                                " each");
  }
  if (state.epochs != state.steps / in_an_epoch) {
    progress.wrong("epochs", std::to_string(state.steps / in_an_epoch) + " after so many steps");
  }
  for (const char* seconds : {"train_seconds", "total_seconds"}) {
    const double value = progress.number(seconds);
    if (!std::isfinite(value) || value < 0) progress.wrong(seconds, "a time");
  }
}

// The recipe is read before.
void read_progress(const std::string& text, const std::string& path, TrainingState& state) {
  const JsonObject progress = JsonObject::parse(text, path + ": its progress");
  state.recipe_file = progress.text("recipe_file");
  state.setup.device = progress.text("device");
  state.setup.gpu = progress.truth("gpu");
  state.setup.measured_algorithms = progress.truth("measured_algorithms");
  if (!read_name(kPrecisions, progress.text("precision"), state.setup.precision)) {
    progress.wrong("precision", "the name of one");
  }
  if (!read_name(kExecutors, progress.text("executor"), state.setup.executor)) {
    progress.wrong("executor", "the name of one");
  }
  state.data = {progress.count("images"), uint32_t(progress.count("data_crc"))};
  state.epochs = progress.count("epochs");
  state.steps = progress.count("steps");
  state.train_seconds = progress.number("train_seconds");
  state.total_seconds = progress.number("total_seconds");
  check_progress(state, progress);
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
  Checksum sum;
  sum.add(train.pixels.data(), train.pixels.size());
  sum.add(train.labels.data(), train.labels.size() * sizeof(int32_t));
  return {train.count, sum.value()};
}

void require_same_data(const TrainingState& state, const DataIdentity& data,
                       const std::string& path) {
  if (state.data.images == data.images && state.data.crc == data.crc) return;
  throw DataError(path + ": its training learnt from " + std::to_string(state.data.images) +
                  " images, but " + state.recipe.data.name + " has " +
                  (data.images == state.data.images ? "others" : std::to_string(data.images)) +
                  " here: name their folder with --data-dir");
}

void save_training_state(const TrainingState& state, const std::vector<LazyTensor>& learnt,
                         const std::string& path) {
  require_finite(learnt);
  const ComputeSetup& setup = state.setup;
  const nlohmann::json progress{{"recipe_file", state.recipe_file},
                                {"device", setup.device},
                                {"gpu", setup.gpu},
                                {"precision", name_of(kPrecisions, setup.precision)},
                                {"measured_algorithms", setup.measured_algorithms},
                                {"executor", name_of(kExecutors, setup.executor)},
                                {"images", state.data.images},
                                {"data_crc", state.data.crc},
                                {"epochs", state.epochs},
                                {"steps", state.steps},
                                {"train_seconds", state.train_seconds},
                                {"total_seconds", state.total_seconds}};
  // A file's name need not be UTF-8.
  const std::string text =
      progress.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
  const std::string recipe = to_text(state.recipe);
  Checksum sum;
  sum.add(recipe);
  sum.add(text);
  for (const LazyTensor& tensor : learnt) sum.add(tensor.name, tensor.data());
  const std::map<std::string, std::string> metadata{
      {"recipe", recipe}, {"progress", text}, {"crc", std::to_string(sum.value())}};
  write_file_atomically(
      path, [&](const WriteBytes& write) { encode_safetensors(learnt, metadata, write); });
}

SavedTraining load_training_state(const std::string& path) {
  const std::string bytes = read_regular_file(path);
  return reading_file([&] {
    SavedTraining state;
    state.learnt = decode_safetensors(bytes, path);
    state.recipe = parse_recorded_recipe(metadata(state.learnt, "recipe", path), path);
    read_progress(metadata(state.learnt, "progress", path), path, state);
    check_sum(state.learnt, path);
    return state;
  });
}

}  // namespace ffwd
