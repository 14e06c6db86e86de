#include "host/data/data_catalog.h"

#include "host/basics/errors.h"
#include "host/basics/nearest_name.h"

namespace ffwd {
namespace {

CatalogEntry mnist() {
  CatalogEntry entry;
  entry.name = "mnist";
  entry.format.class_names = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  entry.format.image = {28, 28, 1};
  entry.format.mean = {.1307f};
  entry.format.deviation = {.3081f};
  entry.file_format = FileFormat::idx;
  entry.files = {
      {"train-images-idx3-ubyte", 47040016,
       "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db"},
      {"train-labels-idx1-ubyte", 60008,
       "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5"},
      {"t10k-images-idx3-ubyte", 7840016,
       "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7"},
      {"t10k-labels-idx1-ubyte", 10008,
       "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
  };
  entry.mirrors = {"https://ossci-datasets.s3.amazonaws.com/mnist/",
                   "https://storage.googleapis.com/cvdf-datasets/mnist/"};
  return entry;
}

CatalogEntry fashion_mnist() {
  CatalogEntry entry;
  entry.name = "fashion-mnist";
  entry.format.class_names = {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
                              "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot"};
  entry.format.image = {28, 28, 1};
  entry.format.mean = {.2860f};
  entry.format.deviation = {.3530f};
  entry.file_format = FileFormat::idx;
  entry.files = {
      {"train-images-idx3-ubyte", 47040016,
       "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"},
      {"train-labels-idx1-ubyte", 60008,
       "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"},
      {"t10k-images-idx3-ubyte", 7840016,
       "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"},
      {"t10k-labels-idx1-ubyte", 10008,
       "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
  };
  entry.mirrors = {"http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"};
  entry.package = "dataset-fashion-mnist";
  return entry;
}

CatalogEntry cifar10() {
  CatalogEntry entry;
  entry.name = "cifar10";
  entry.format.class_names = {"airplane", "automobile", "bird",  "cat",  "deer",
                              "dog",      "frog",       "horse", "ship", "truck"};
  entry.format.image = {32, 32, 3};
  entry.format.mean = {.4914f, .4822f, .4465f};
  // Within an image, on the average of all images, as sources have it that standardise by these;
  // over all pixels it is .2470, .2435, .2616.
  entry.format.deviation = {.2023f, .1994f, .2010f};
  entry.file_format = FileFormat::cifar10;
  entry.files = {
      {"data_batch_1.bin", 30730000,
       "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
      {"data_batch_2.bin", 30730000,
       "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
      {"data_batch_3.bin", 30730000,
       "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
      {"data_batch_4.bin", 30730000,
       "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
      {"data_batch_5.bin", 30730000,
       "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
      {"test_batch.bin", 30730000,
       "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
  };
  entry.mirrors = {"https://www.cs.toronto.edu/~kriz/"};
  entry.tarball = "cifar-10-binary.tar.gz";
  return entry;
}

}  // namespace

const std::vector<CatalogEntry>& data_catalog() {
  static const std::vector<CatalogEntry> catalog = {mnist(), fashion_mnist(), cifar10()};
  return catalog;
}

const CatalogEntry& catalog_entry(const std::string& name) {
  std::vector<std::string> names;
  std::string list;
  for (const CatalogEntry& entry : data_catalog()) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
    list += (list.empty() ? "" : ", ") + entry.name;
  }
  throw DataError("no data set '" + name + "', expected one of " + list +
                  did_you_mean(name, names));
}

}  // namespace ffwd
