// What a run writes down about itself, and its form as JSON.
//
// A number that is not finite is null in the file and NaN when read back; a value that does not
// exist (an accuracy that was not measured, a layer that did not learn) is null there and
// std::nullopt here.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace ffwd {

// Of one layer, means over the steps of one epoch.
struct LayerMetrics {
  double loss = 0;          // nats a row
  double goodness_pos = 0;  // of positive rows
  double goodness_neg = 0;  // of negative rows
};

// One line of metrics.jsonl.
struct EpochMetrics {
  int64_t epoch = 0;  // from 1
  int64_t step = 0;   // batches learnt since the run began
  // Of learning, since the run began. Epochs of one step that were played at once share their time.
  double seconds = 0;
  double images_per_second = 0;
  int64_t stage = 0;  // greedy: which layer's turn it is, from 0; else 0
  std::vector<std::optional<LayerMetrics>> layers;
  std::optional<double> head_loss;               // nats
  std::optional<double> test_accuracy_goodness;  // in [0, 1], as every accuracy
  std::optional<double> test_accuracy_head;
};

// summary.json: the run and how it ended.
struct Summary {
  std::string title, recipe, dataset, device, precision;
  bool measured_algorithms = false;  // of matmuls (--matmul-algorithms)
  uint64_t seed = 0;
  std::string commit, version;
  int64_t threads = 0, epochs = 0, steps = 0;
  double train_seconds = 0;  // learning only
  double total_seconds = 0;
  double images_per_second = 0;
  int64_t parameters = 0;
  std::optional<double> train_accuracy_goodness, train_accuracy_head;  // none if interrupted
  std::optional<double> test_accuracy_goodness, test_accuracy_head;
  // By the one class with the most goodness over all images (host/model/evaluate.h).
  std::optional<double> train_accuracy_per_batch, test_accuracy_per_batch;
  bool interrupted = false;
  std::vector<std::vector<int64_t>> confusion;  // [true class][predicted class]: test images
  std::vector<std::string> class_names;         // as many as confusion has rows
};

// One line of JSON, without the line's end.
std::string to_json(const EpochMetrics& metrics);
// Indented JSON.
std::string to_json(const Summary& summary);

// Read them back; unknown keys are skipped. Throw FileError naming `origin`, the key and what was
// expected.
EpochMetrics parse_epoch_metrics(const std::string& text, const std::string& origin);
Summary parse_summary(const std::string& text, const std::string& origin);

}  // namespace ffwd
