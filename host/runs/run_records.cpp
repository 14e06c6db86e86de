#include "host/runs/run_records.h"

#include <limits>
#include <nlohmann/json.hpp>

#include "host/basics/errors.h"

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

bool is_count(const json& value) {
  return value.is_number_unsigned() && value.get<uint64_t>() <= uint64_t(INT64_MAX);
}

// A JSON object whose fields are asked for by key and type.
class Object {
 public:
  Object(json value, std::string origin) : value_(std::move(value)), origin_(std::move(origin)) {
    if (!value_.is_object()) throw FileError(origin_ + ": expected a JSON object");
  }

  const json& at(const char* key) const {
    const auto found = value_.find(key);
    if (found == value_.end()) throw FileError(origin_ + ": \"" + key + "\" is missing");
    return *found;
  }

  [[noreturn]] void wrong(const char* key, const std::string& expected) const {
    const json& value = at(key);
    std::string found = value.type_name();
    if (value.is_primitive()) found = value.dump(-1, ' ', true, json::error_handler_t::replace);
    if (found.size() > 60) found = found.substr(0, 60) + "...";
    throw FileError(origin_ + ": \"" + key + "\" is " + found + ", expected " + expected);
  }

  std::string text(const char* key) const {
    if (!at(key).is_string()) wrong(key, "a string");
    return at(key).get<std::string>();
  }

  bool truth(const char* key) const {
    if (!at(key).is_boolean()) wrong(key, "true or false");
    return at(key).get<bool>();
  }

  double number(const char* key) const {
    if (at(key).is_null()) return std::numeric_limits<double>::quiet_NaN();
    if (!at(key).is_number()) wrong(key, "a number or null");
    return at(key).get<double>();
  }

  std::optional<double> optional_number(const char* key) const {
    if (at(key).is_null()) return std::nullopt;
    return number(key);
  }

  std::optional<double> fraction(const char* key) const {
    const std::optional<double> value = optional_number(key);
    if (value && !(*value >= 0 && *value <= 1)) wrong(key, "a fraction from 0 to 1, or null");
    return value;
  }

  uint64_t unsigned_number(const char* key) const {
    if (!at(key).is_number_unsigned()) wrong(key, "a whole number from 0");
    return at(key).get<uint64_t>();
  }

  int64_t count(const char* key) const {
    if (!is_count(at(key))) wrong(key, "a whole number from 0 to 2^63 - 1");
    return at(key).get<int64_t>();
  }

  const json& list(const char* key) const {
    if (!at(key).is_array()) wrong(key, "a list");
    return at(key);
  }

 private:
  json value_;
  std::string origin_;
};

Object parse_object(const std::string& text, const std::string& origin) {
  json value = json::parse(text, /*callback=*/nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) throw FileError(origin + ": damaged, not well-formed JSON");
  return Object(std::move(value), origin);
}

std::vector<std::vector<int64_t>> read_confusion(const Object& summary, size_t classes) {
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
  const Object object = parse_object(text, origin);
  EpochMetrics m;
  m.epoch = object.count("epoch");
  m.step = object.count("step");
  m.seconds = object.number("seconds");
  m.images_per_second = object.number("images_per_second");
  m.stage = object.count("stage");
  for (const json& item : object.list("layers")) {
    std::optional<LayerMetrics> layer;
    if (!item.is_null()) {
      const Object fields(item, origin + ", layer " + std::to_string(m.layers.size()));
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
  const Object object = parse_object(text, origin);
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
  for (const json& name : object.list("class_names")) {
    if (!name.is_string()) object.wrong("class_names", "a list of strings");
    s.class_names.push_back(name.get<std::string>());
  }
  s.confusion = read_confusion(object, s.class_names.size());
  return s;
}

}  // namespace ffwd
