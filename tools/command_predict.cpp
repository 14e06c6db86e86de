// ffwd predict: what a model sees in PNG images.
#include <algorithm>
#include <cstdio>

#include "engine/network/classifier.h"
#include "engine/network/image_store.h"
#include "host/basics/errors.h"
#include "host/data/png.h"
#include "host/device/open_device.h"
#include "host/model/evaluate.h"
#include "host/model/model.h"
#include "host/model/require_finite.h"
#include "tools/commands.h"
#include "tools/model_path.h"
#include "tools/options.h"

namespace ffwd {
namespace {

struct PredictCommand {
  std::string model;
  std::vector<std::string> images;
  DeviceOptions device;
};

std::vector<uint8_t> read_image(const std::string& path, const DatasetFormat& format) {
  const auto size = [](const ImageShape& shape) {
    return std::to_string(shape.width) + "x" + std::to_string(shape.height);
  };
  const PngImage image = read_png(path, format.image.channels);
  if (image.shape != format.image) {
    throw DataError(path + ": " + size(image.shape) + " pixels, expected " + size(format.image));
  }
  return image.pixels;
}

void predict(const PredictCommand& command) {
  const std::unique_ptr<Device> device = open_device(command.device);
  const Model model = load_model(*device, model_path(command.model));
  const std::vector<std::string>& names = model.format.class_names;
  std::vector<uint8_t> pixels;
  for (const std::string& path : command.images) {
    const std::vector<uint8_t> image = read_image(path, model.format);
    pixels.insert(pixels.end(), image.begin(), image.end());
  }
  const ImageStore store(*device, pixels);
  const auto count = int64_t(command.images.size());
  Classifier classifier(*model.network);
  const auto classes = int64_t(names.size());
  const std::vector<float> goodness = classifier.goodness(store.pixels(), count);
  require_finite(goodness, classes);
  const std::vector<int32_t> by_goodness = argmax(goodness, classes);
  std::vector<float> p;
  if (model.network->head()) p = classifier.probabilities(store.pixels(), count);
  require_finite(p, classes);
  for (size_t i = 0; i < command.images.size(); ++i) {
    std::printf("%s: %s by goodness", command.images[i].c_str(),
                names[size_t(by_goodness[i])].c_str());
    if (!p.empty()) {
      const auto row = p.begin() + int64_t(i) * classes;
      const auto best = std::max_element(row, row + classes);
      std::printf(", %s by head (%.1f %%)", names[size_t(best - row)].c_str(), 100 * *best);
    }
    std::printf("\n");
  }
}

}  // namespace

void declare_predict(CLI::App& app) {
  const auto line = std::make_shared<PredictCommand>();
  CLI::App* command = app.add_subcommand("predict", "Classify PNG images");
  command->add_option("model", line->model, "a run folder or a model file")->required();
  command->add_option("images", line->images, "PNG files of the size that the model was trained on")
      ->required();
  add_device_options(*command, line->device);
  command->callback([line] { predict(*line); });
}

}  // namespace ffwd
