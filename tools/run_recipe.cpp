#include "tools/run_recipe.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstring>

#include "host/basics/errors.h"
#include "host/basics/number_text.h"
#include "host/recipe/recipe_layers.h"
#include "host/report/reference_figures.h"
#include "tools/interrupt.h"
#include "tools/progress_line.h"

namespace ffwd {
namespace {

void say_headline(const Recipe& recipe, const Dataset& data, int64_t parameters,
                  const Device& device, const RunFolder& folder) {
  const Images& images = data.train;
  std::string layers = std::to_string(images.shape.values());
  for (const LayerSpec& layer : recipe.network.layers) layers += " - " + layer_text(layer);
  std::printf("%s: %s, %lld training and %lld test images\n", recipe.title.c_str(),
              data.name.c_str(), (long long)images.count, (long long)data.test.count);
  std::printf("network %s%s, %lld parameters, on %s in %s\n", layers.c_str(),
              recipe.network.head ? " + head" : "", (long long)parameters, device.name().c_str(),
              name_of(kPrecisions, device.precision()));
  std::printf("run folder %s\n", folder.path().c_str());
  std::fflush(stdout);
}

void say_result(const Summary& s, const RunFolder& folder, const Recipe::Reference& reference) {
  std::printf("%s after %.1f s of training (%.0f images/s, %.1f s in all)\n",
              s.interrupted ? "stopped" : "done", s.train_seconds, s.images_per_second,
              s.total_seconds);
  std::printf("test accuracy %s  (train: %s)\n",
              accuracies_text(s.test_accuracy_goodness, s.test_accuracy_head).c_str(),
              accuracies_text(s.train_accuracy_goodness, s.train_accuracy_head).c_str());
  const auto figures = reference_figures(reference, s, folder.read_metrics());
  for (const auto& row : reference_table(figures).rows) {
    std::printf("%s: %s, %s stated, difference %s\n", row[0].c_str(), row[2].c_str(),
                row[1].c_str(), row[3].c_str());
  }
  std::printf("report: %s\n", folder.report_path().c_str());
}

// As one word of a shell.
std::string shell_word(const std::string& path) {
  std::string word = path[0] == '-' ? "./" : "";
  const auto is_plain = [](char c) {
    return std::isalnum(uint8_t(c)) || std::strchr("_./-+=:,@%", c);
  };
  if (std::all_of(path.begin(), path.end(), is_plain)) return word + path;
  word += "'";
  for (const char c : path) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace

Summary run_recipe(Device& device, const Recipe& recipe, const std::string& name,
                   const Dataset& data, const RunFolder& folder, RunOptions options) {
  ProgressLine line;
  Progress latest{};
  RunWatcher watcher;
  watcher.on_start = [&](int64_t parameters) {
    say_headline(recipe, data, parameters, device, folder);
  };
  watcher.on_progress = [&](const Progress& progress) { line.update(latest = progress); };
  watcher.on_epoch = [&](const EpochMetrics& metrics) { line.end_epoch(latest, metrics); };
  watcher.stop = interrupted;
  const Summary summary =
      run_training(device, recipe, data, folder, name, watcher, std::move(options));
  say_result(summary, folder, recipe.reference);
  return summary;
}

void expect_finished(const Summary& summary, const RunFolder& folder) {
  if (!summary.interrupted) return;
  throw UserError(ExitCode::interrupted, "stopped by a signal; ffwd resume " +
                                             shell_word(folder.path()) +
                                             " goes on with what was learnt");
}

}  // namespace ffwd
