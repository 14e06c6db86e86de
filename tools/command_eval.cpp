// ffwd eval: how well a model classifies a data set's test images.
#include <cstdio>

#include "engine/network/image_store.h"
#include "host/basics/errors.h"
#include "host/basics/number_text.h"
#include "host/data/load_dataset.h"
#include "host/device/open_device.h"
#include "host/model/evaluate.h"
#include "host/model/model.h"
#include "tools/commands.h"
#include "tools/model_path.h"
#include "tools/options.h"

namespace ffwd {
namespace {

struct EvalCommand {
  std::string model;  // a run folder or a model file
  std::string data;   // empty: the data set it was trained on
  std::string data_dir;
  bool per_batch = false;
  DeviceOptions device;
};

void eval(const EvalCommand& command) {
  const std::unique_ptr<Device> device = open_device(command.device);
  const Model model = load_model(*device, model_path(command.model));
  const std::string name = command.data.empty() ? model.recipe.data.name : command.data;
  const Dataset data = load_dataset(name, command.data_dir);
  const DatasetFormat& format = model.format;
  if (data.test.shape != format.image ||
      data.format.class_names.size() != format.class_names.size()) {
    throw DataError(name + " has other images or classes than " + model.recipe.data.name +
                    ", which the model was trained on");
  }
  Classifier classifier(*model.network);
  const ImageStore store(*device, data.test.pixels);
  const Evaluation result = evaluate(classifier, store.pixels(), data.test.labels);
  std::printf("%s: %lld test images, accuracy %s\n", name.c_str(), (long long)data.test.count,
              accuracies_text(result.goodness, result.head).c_str());
  if (command.per_batch) {
    std::printf("per batch %s: one class for all images, the one with most goodness over them\n",
                percent_text(result.per_batch).c_str());
  }
}

}  // namespace

void declare_eval(CLI::App& app) {
  const auto line = std::make_shared<EvalCommand>();
  CLI::App* command =
      app.add_subcommand("eval", "Measure a model's accuracy on all test images of a data set");
  command->add_option("model", line->model, "a run folder or a model file")->required();
  command->add_option("--data", line->data, "the data set; the one it was trained on if absent");
  command->add_flag("--per-batch", line->per_batch,
                    "also the accuracy of giving all images one class, that of most goodness over"
                    " them: how some documents predict");
  add_data_dir(*command, line->data_dir);
  add_device_options(*command, line->device);
  command->callback([line] { eval(*line); });
}

}  // namespace ffwd
