// ffwd train: from a recipe to a run folder.
#include <omp.h>

#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>

#include "host/errors.h"
#include "host/evaluate.h"
#include "host/load_dataset.h"
#include "host/model.h"
#include "host/recipe_layers.h"
#include "host/report.h"
#include "host/run_folder.h"
#include "host/sample_images.h"
#include "host/trainer.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/progress_line.h"

namespace ffwd {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// runs/<recipe>-<date>-<time>
std::string default_folder(const std::string& recipe) {
  char stamp[32];
  const std::time_t time = std::time(nullptr);
  std::strftime(stamp, sizeof stamp, "%Y%m%d-%H%M%S", std::localtime(&time));
  return "runs/" + std::filesystem::path(recipe).stem().string() + "-" + stamp;
}

void keep_first(Images& images, int64_t count, const std::string& key) {
  if (count == 0) return;
  if (count > images.count) {
    throw RecipeError(key + " asks for " + std::to_string(count) +
                      " images, but the data set has " + std::to_string(images.count));
  }
  images.count = count;
  images.labels.resize(size_t(count));
  images.pixels.resize(size_t(count * images.height * images.width * images.channels));
}

void say_headline(const Recipe& recipe, const Dataset& data, const Model& model,
                  const Device& device, const RunFolder& folder) {
  std::string layers = std::to_string(model.network->shape().input.bytes());
  for (const LayerSpec& layer : recipe.network.layers) layers += " - " + layer_text(layer);
  std::printf("%s: %s, %lld training and %lld test images\n", recipe.title.c_str(),
              data.name.c_str(), (long long)data.train.count, (long long)data.test.count);
  std::printf("network %s%s, %lld parameters, on %s in %s\n", layers.c_str(),
              recipe.network.head ? " + head" : "", (long long)model.network->parameter_count(),
              device.name().c_str(), to_string(device.precision()).c_str());
  std::printf("run folder %s\n", folder.path().c_str());
  std::fflush(stdout);
}

void say_result(const Summary& s, const RunFolder& folder) {
  const auto percent = [](const std::optional<double>& value) { return 100 * value.value_or(0); };
  std::printf("%s after %.1f s of training (%.0f images/s, %.1f s in all)\n",
              s.interrupted ? "stopped" : "done", s.train_seconds, s.images_per_second,
              s.total_seconds);
  std::printf("test accuracy by goodness %.2f %%", percent(s.test_accuracy_goodness));
  if (s.test_accuracy_head) std::printf(", by head %.2f %%", percent(s.test_accuracy_head));
  std::printf("  (train: %.2f %%", percent(s.train_accuracy_goodness));
  if (s.train_accuracy_head) std::printf(", %.2f %%", percent(s.train_accuracy_head));
  std::printf(")\nreport: %s\n", folder.report_path().c_str());
}

}  // namespace

void train(const TrainOptions& options) {
  const double begin = now();
  std::vector<std::string> overrides = options.set;
  if (options.seed) overrides.push_back("training.seed=" + std::to_string(*options.seed));
  const Recipe recipe = load_recipe(options.recipe, overrides);
  const std::unique_ptr<Device> device = open_device(options.device);
  Dataset data = load_dataset(recipe.data.name, options.data_dir);
  keep_first(data.train, recipe.data.train_images, "data.train_images");
  keep_first(data.test, recipe.data.test_images, "data.test_images");

  const std::string out = options.out.empty() ? default_folder(options.recipe) : options.out;
  const RunFolder folder = RunFolder::create(out);
  folder.write_recipe(to_text(recipe));

  const int64_t batch = recipe.training.batch == 0 ? data.train.count : recipe.training.batch;
  const Model model = make_model(*device, recipe, format_of(data), batch);
  Network& network = *model.network;
  say_headline(recipe, data, model, *device, folder);

  Trainer trainer(network, recipe, data.train);
  Classifier classifier(network);
  const Vector<uint8_t> test_pixels(*device, data.test.pixels);
  const auto evaluate_test = [&] {
    return evaluate(classifier, network, test_pixels.view().data, data.test.labels);
  };

  catch_interrupts();
  ProgressLine line;
  Progress latest{};
  const int64_t every = recipe.training.evaluate_every;
  trainer.run([&](const Progress& progress) { line.update(latest = progress); },
              [&](EpochMetrics& metrics) {
                if (every > 0 && metrics.epoch % every == 0 && !interrupted()) {
                  const Evaluation result = evaluate_test();
                  metrics.test_accuracy_goodness = result.goodness;
                  metrics.test_accuracy_head = result.head;
                }
                folder.append_metrics(metrics);
                line.end_epoch(latest, metrics);
              },
              interrupted);

  save_model(model, folder.model_path());
  const Evaluation test = evaluate_test();
  const Evaluation train = evaluate(classifier, network, trainer.pixels(), data.train.labels);
  Summary summary;
  summary.title = recipe.title;
  summary.recipe = std::filesystem::path(options.recipe).filename().string();
  summary.dataset = data.name;
  summary.device = device->name();
  summary.precision = to_string(device->precision());
  summary.seed = recipe.training.seed;
  summary.commit = FFWD_COMMIT;
  summary.version = FFWD_VERSION;
  summary.threads = omp_get_max_threads();
  summary.epochs = trainer.epochs();
  summary.steps = trainer.steps();
  summary.train_seconds = trainer.train_seconds();
  summary.images_per_second = double(trainer.images_seen()) / trainer.train_seconds();
  summary.parameters = network.parameter_count();
  summary.train_accuracy_goodness = train.goodness;
  summary.train_accuracy_head = train.head;
  summary.test_accuracy_goodness = test.goodness;
  summary.test_accuracy_head = test.head;
  summary.interrupted = trainer.stopped();
  summary.confusion = test.confusion;
  summary.class_names = data.class_names;
  summary.total_seconds = now() - begin;
  folder.write_summary(summary);
  folder.write_report(
      render_report(summary, folder.read_metrics(), to_text(recipe), sample_images(recipe, data)));
  say_result(summary, folder);
  if (trainer.stopped()) {
    throw UserError(ExitCode::interrupted,
                    "stopped by a signal; " + folder.path() + " holds what was learnt");
  }
}

}  // namespace ffwd
