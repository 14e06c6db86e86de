// ffwd eval: how well a model classifies a data set's test images.
#include <cstdio>

#include "host/errors.h"
#include "host/evaluate.h"
#include "host/load_dataset.h"
#include "host/model.h"
#include "tools/commands.h"

namespace ffwd {
namespace {

struct Options {
  std::string model, data, data_dir;
  DeviceOptions device;
};

void eval(const Options& options) {
  const std::unique_ptr<Device> device = open_device(options.device);
  const Model model = load_model(*device, model_path(options.model));
  const std::string name = options.data.empty() ? model.recipe.data.name : options.data;
  const Dataset data = load_dataset(name, options.data_dir);
  const ImageFormat& format = model.format;
  if (data.test.height != format.height || data.test.width != format.width ||
      data.test.channels != format.channels || data.class_names.size() != format.class_names.size()) {
    throw DataError(name + " has other images or classes than " + model.recipe.data.name +
                    ", which the model was trained on");
  }
  Classifier classifier(*model.network);
  const Vector<uint8_t> pixels(*device, data.test.pixels);
  const Evaluation result = evaluate(classifier, *model.network, pixels.view().data, data.test.labels);
  std::printf("%s: %lld test images, accuracy by goodness %.2f %%", name.c_str(), (long long)data.test.count,
              100 * result.goodness);
  if (result.head) std::printf(", by head %.2f %%", 100 * *result.head);
  std::printf("\n");
}

}  // namespace

void add_eval(CLI::App& app) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("eval", "Measure a model's accuracy on test images");
  command->add_option("model", options->model, "a run folder or a model file")->required();
  command->add_option("--data", options->data, "the data set; the one it was trained on if absent");
  command->add_option("--data-dir", options->data_dir, "where to look for data sets first");
  add_device_options(*command, options->device);
  command->callback([options] { eval(*options); });
}

}  // namespace ffwd
