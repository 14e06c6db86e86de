#include "host/recipe/recipe_layers.h"

#include <sstream>

#include "host/recipe/recipe_kinds.h"

namespace ffwd {
namespace {

constexpr Integer<int64_t> kUnits{1, 1000000};
constexpr Integer<int64_t> kSide{1, 1000};
constexpr Integer<int64_t> kPadding{0, 999};

bool read_convolution(std::istringstream& words, LayerSpec& layer) {
  layer.kind = LayerSpec::Kind::convolution;
  std::string word, given;
  if (!(words >> word) || !kUnits.read(word, layer.units)) return false;
  while (words >> word) {
    const char letter = word[0];
    const std::string number = word.substr(1);
    if (given.find(letter) != std::string::npos) return false;
    given += letter;
    if (letter == 'k'   ? !kSide.read(number, layer.kernel)
        : letter == 'p' ? !kPadding.read(number, layer.padding)
        : letter == 's' ? !kSide.read(number, layer.stride)
        : letter == 'g' ? !kUnits.read(number, layer.groups)
                        : true) {
      return false;
    }
  }
  return true;
}

bool read_pool(std::istringstream& words, LayerSpec::Kind kind, LayerSpec& layer) {
  layer.kind = kind;
  std::string window, more;
  return words >> window && kSide.read(window, layer.window) && !(words >> more);
}

}  // namespace

std::string LayerEntry::expected() const {
  return kUnits.expected() +
         " (fully connected), \"conv UNITS k5 p2 s1 g1\", \"maxpool 2\" or"
         " \"avgpool 2\"";
}

bool LayerEntry::read(const std::string& word, LayerSpec& layer) const {
  layer = {};
  if (kUnits.read(word, layer.units)) return true;
  std::istringstream words(word);
  std::string kind;
  words >> kind;
  if (kind == "conv") return read_convolution(words, layer);
  if (kind == "maxpool") return read_pool(words, LayerSpec::Kind::max_pool, layer);
  if (kind == "avgpool") return read_pool(words, LayerSpec::Kind::average_pool, layer);
  return false;
}

std::string LayerEntry::write(const LayerSpec& layer) const {
  const std::string text = layer_text(layer);
  return layer.kind == LayerSpec::Kind::dense ? text : write_text(text);
}

std::string layer_text(const LayerSpec& layer) {
  const auto part = [](const char* letter, int64_t value, int64_t usual) {
    return value == usual ? std::string() : std::string(" ") + letter + write_number(value);
  };
  switch (layer.kind) {
    case LayerSpec::Kind::dense:
      return write_number(layer.units);
    case LayerSpec::Kind::convolution:
      return "conv " + write_number(layer.units) + part("k", layer.kernel, 1) +
             part("p", layer.padding, 0) + part("s", layer.stride, 1) + part("g", layer.groups, 1);
    case LayerSpec::Kind::max_pool:
      return "maxpool " + write_number(layer.window);
    case LayerSpec::Kind::average_pool:
      return "avgpool " + write_number(layer.window);
  }
  fail(__FILE__, __LINE__, "unknown kind of layer");
}

}  // namespace ffwd
