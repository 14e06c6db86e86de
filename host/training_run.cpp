#include "host/training_run.h"

#include <omp.h>

#include <chrono>

#include "host/errors.h"
#include "host/evaluate.h"
#include "host/load_dataset.h"
#include "host/model.h"
#include "host/report.h"
#include "host/sample_images.h"

namespace ffwd {
namespace {

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
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

}  // namespace

Dataset load_recipe_data(const Recipe& recipe, const std::string& data_dir) {
  Dataset data = load_dataset(recipe.data.name, data_dir);
  keep_first(data.train, recipe.data.train_images, "data.train_images");
  keep_first(data.test, recipe.data.test_images, "data.test_images");
  return data;
}

Summary run_training(Device& device, const Recipe& recipe, const Dataset& data,
                     const RunFolder& folder, const RunOrigin& origin, const RunWatcher& watcher) {
  const double begin = now();
  folder.write_recipe(to_text(recipe));
  const int64_t batch = recipe.training.batch == 0 ? data.train.count : recipe.training.batch;
  const Model model = make_model(device, recipe, format_of(data), batch);
  Network& network = *model.network;
  watcher.on_start(network.parameter_count());

  Trainer trainer(network, recipe, data.train);
  Classifier classifier(network);
  const Vector<uint8_t> test_pixels(device, data.test.pixels);
  const auto evaluate_test = [&] {
    return evaluate(classifier, network, test_pixels.view().data, data.test.labels);
  };

  const int64_t every = recipe.training.evaluate_every;
  trainer.run(
      watcher.on_progress,
      [&](EpochMetrics& metrics) {
        if (every > 0 && metrics.epoch % every == 0 && !watcher.stop()) {
          const Evaluation result = evaluate_test();
          metrics.test_accuracy_goodness = result.goodness;
          metrics.test_accuracy_head = result.head;
        }
        folder.append_metrics(metrics);
        watcher.on_epoch(metrics);
      },
      watcher.stop);

  save_model(model, folder.model_path());
  const Evaluation test = evaluate_test();
  const Evaluation train = evaluate(classifier, network, trainer.pixels(), data.train.labels);
  Summary summary;
  summary.title = recipe.title;
  summary.recipe = origin.recipe;
  summary.dataset = data.name;
  summary.device = device.name();
  summary.precision = to_string(device.precision());
  summary.seed = recipe.training.seed;
  summary.commit = origin.commit;
  summary.version = origin.version;
  summary.threads = omp_get_max_threads();
  summary.epochs = trainer.epochs();
  summary.steps = trainer.steps();
  summary.train_seconds = trainer.train_seconds();
  summary.images_per_second = double(trainer.images_seen()) / trainer.train_seconds();
  summary.parameters = network.parameter_count();
  summary.train_accuracy_goodness = train.goodness;
  summary.train_accuracy_head = train.head;
  summary.train_accuracy_per_batch = train.per_batch;
  summary.test_accuracy_goodness = test.goodness;
  summary.test_accuracy_head = test.head;
  summary.test_accuracy_per_batch = test.per_batch;
  summary.interrupted = trainer.stopped();
  summary.confusion = test.confusion;
  summary.class_names = data.class_names;
  summary.total_seconds = now() - begin;
  folder.write_summary(summary);
  folder.write_report(render_report(summary, folder.read_metrics(), to_text(recipe),
                                    sample_images(recipe, data), recipe.reference));
  return summary;
}

}  // namespace ffwd
