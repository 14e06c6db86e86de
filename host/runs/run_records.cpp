#include "host/runs/run_records.h"

#include "host/basics/json_object.h"

namespace ffwd {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

// --- Writing ---

// JSON knows no NaN: dump() writes null for it.
ordered_json to_value(const std::optional<double>& number) {
  return number ? ordered_json(*number) : ordered_json(nullptr);
}

ordered_json to_value(const std::optional<LayerMetrics>& layer) {
  if (!layer) return nullptr;
  return {{"loss", layer->loss},
          {"goodness_pos", layer->goodness_pos},
          {"goodness_neg", layer->goodness_neg}};
}

std::string dump(const ordered_json& value, int indent) {
  return value.dump(indent, ' ', /*ensure_ascii=*/false, json::error_handler_t::replace);
}

// --- Reading ---

std::vector<std::vector<int64_t>> read_confusion(const JsonObject& summary, size_t classes) {
  const std::string expected =
      "one row of counts for each of the " + std::to_string(classes) + " classes, as many in a row";
  std::vector<std::vector<int64_t>> confusion;
  for (const json& row : summary.list("confusion")) {
    if (!row.is_array() || row.size() != classes) summary.wrong("confusion", expected);
    for (const json& count : row) {
      if (!is_count(count)) summary.wrong("confusion", expected);
    }
    confusion.push_back(row.get<std::vector<int64_t>>());
  }
  if (confusion.size() != classes) summary.wrong("confusion", expected);
  return confusion;
}

}  // namespace

std::string to_json(const EpochMetrics& m) {
  ordered_json layers = ordered_json::array();
  for (const auto& layer : m.layers) layers.push_back(to_value(layer));
  const ordered_json value = {{"epoch", m.epoch},
                              {"step", m.step},
                              {"seconds", m.seconds},
                              {"images_per_second", m.images_per_second},
                              {"stage", m.stage},
                              {"layers", layers},
                              {"head_loss", to_value(m.head_loss)},
                              {"test_accuracy_goodness", to_value(m.test_accuracy_goodness)},
                              {"test_accuracy_head", to_value(m.test_accuracy_head)}};
  return dump(value, /*indent=*/-1);
}

std::string to_json(const Summary& s) {
  const ordered_json value = {{"title", s.title},
                              {"recipe", s.recipe},
                              {"dataset", s.dataset},
                              {"device", s.device},
                              {"precision", s.precision},
                              {"measured_algorithms", s.measured_algorithms},
                              {"seed", s.seed},
                              {"commit", s.commit},
                              {"version", s.version},
                              {"threads", s.threads},
                              {"epochs", s.epochs},
                              {"steps", s.steps},
                              {"train_seconds", s.train_seconds},
                              {"total_seconds", s.total_seconds},
                              {"images_per_second", s.images_per_second},
                              {"parameters", s.parameters},
                              {"train_accuracy_goodness", to_value(s.train_accuracy_goodness)},
                              {"train_accuracy_head", to_value(s.train_accuracy_head)},
                              {"test_accuracy_goodness", to_value(s.test_accuracy_goodness)},
                              {"test_accuracy_head", to_value(s.test_accuracy_head)},
                              {"train_accuracy_per_batch", to_value(s.train_accuracy_per_batch)},
                              {"test_accuracy_per_batch", to_value(s.test_accuracy_per_batch)},
                              {"interrupted", s.interrupted},
                              {"confusion", s.confusion},
                              {"class_names", s.class_names}};
  return dump(value, /*indent=*/1);
}

EpochMetrics parse_epoch_metrics(const std::string& text, const std::string& origin) {
  const JsonObject object = JsonObject::parse(text, origin);
  EpochMetrics m;
  m.epoch = object.count("epoch");
  m.step = object.count("step");
  m.seconds = object.number("seconds");
  m.images_per_second = object.number("images_per_second");
  m.stage = object.count("stage");
  for (const json& item : object.list("layers")) {
    std::optional<LayerMetrics> layer;
    if (!item.is_null()) {
      const JsonObject fields(item, origin + ", layer " + std::to_string(m.layers.size()));
      layer = LayerMetrics{fields.number("loss"), fields.number("goodness_pos"),
                           fields.number("goodness_neg")};
    }
    m.layers.push_back(layer);
  }
  m.head_loss = object.optional_number("head_loss");
  m.test_accuracy_goodness = object.fraction("test_accuracy_goodness");
  m.test_accuracy_head = object.fraction("test_accuracy_head");
  return m;
}

Summary parse_summary(const std::string& text, const std::string& origin) {
  const JsonObject object = JsonObject::parse(text, origin);
  Summary s;
  s.title = object.text("title");
  s.recipe = object.text("recipe");
  s.dataset = object.text("dataset");
  s.device = object.text("device");
  s.precision = object.text("precision");
  s.measured_algorithms = object.truth("measured_algorithms");
  s.seed = object.unsigned_number("seed");
  s.commit = object.text("commit");
  s.version = object.text("version");
  s.threads = object.count("threads");
  s.epochs = object.count("epochs");
  s.steps = object.count("steps");
  s.train_seconds = object.number("train_seconds");
  s.total_seconds = object.number("total_seconds");
  s.images_per_second = object.number("images_per_second");
  s.parameters = object.count("parameters");
  s.train_accuracy_goodness = object.fraction("train_accuracy_goodness");
  s.train_accuracy_head = object.fraction("train_accuracy_head");
  s.test_accuracy_goodness = object.fraction("test_accuracy_goodness");
  s.test_accuracy_head = object.fraction("test_accuracy_head");
  s.train_accuracy_per_batch = object.fraction("train_accuracy_per_batch");
  s.test_accuracy_per_batch = object.fraction("test_accuracy_per_batch");
  s.interrupted = object.truth("interrupted");
  s.class_names = object.texts("class_names");
  s.confusion = read_confusion(object, s.class_names.size());
  return s;
}

}  // namespace ffwd
