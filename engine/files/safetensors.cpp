#include "engine/files/safetensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "engine/files/strict_json.h"
#include "kernels/check.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "numbers are copied as they lie in memory");

namespace ffwd {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr uint64_t kLengthBytes = 8;
constexpr uint64_t kHeaderCap = 100'000'000;
constexpr size_t kDeepest = 3;  // header > tensor > shape
constexpr size_t kMostExtents = 64;
const char kMetadata[] = "__metadata__";

// Elements of a shape times the size of one. False when it does not fit 63 bits.
bool byte_count(const std::vector<int64_t>& shape, uint64_t& bytes) {
  int64_t count = sizeof(float);
  for (const int64_t extent : shape) {
    if (extent < 0 || __builtin_mul_overflow(count, extent, &count)) return false;
  }
  bytes = static_cast<uint64_t>(count);
  return true;
}

// A tensor as the header describes it; data in [begin, end).
struct Entry {
  std::string name;
  std::vector<int64_t> shape;
  uint64_t begin, end;
};

class Reader {
 public:
  Reader(std::string_view bytes, const std::string& origin) : bytes_(bytes), origin_(origin) {}

  SafetensorsFile read() {
    const json header = read_header();
    SafetensorsFile file;
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items()) {
      if (name == kMetadata) {
        file.metadata = read_metadata(value);
      } else {
        entries.push_back(read_entry(name, value));
      }
    }
    std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
      return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
    });
    check_layout(entries);
    for (Entry& entry : entries) file.tensors.push_back(load(std::move(entry)));
    return file;
  }

 private:
  [[noreturn]] void damaged(const std::string& what) const {
    throw Error(origin_ + ": not a valid safetensors file: " + what);
  }

  json read_header() {
    if (bytes_.size() < kLengthBytes) damaged("it has fewer than 8 bytes");
    uint64_t length = 0;
    std::memcpy(&length, bytes_.data(), kLengthBytes);
    if (length > kHeaderCap) damaged("its header claims to be longer than 100 MB");
    if (length > bytes_.size() - kLengthBytes) damaged("it ends within its header");
    const std::string_view text = bytes_.substr(kLengthBytes, length);
    if (text.empty() || text.front() != '{') damaged("its header does not begin with '{'");
    data_ = bytes_.substr(kLengthBytes + length);
    try {
      return parse_strict_json(text, kDeepest, kMostExtents);
    } catch (const Error& error) {
      damaged(std::string("its header ") + error.what());
    }
  }

  std::map<std::string, std::string> read_metadata(const json& value) const {
    if (!value.is_object()) damaged("__metadata__ is not an object");
    std::map<std::string, std::string> metadata;
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) damaged("__metadata__ " + in_quotes(key) + " is not a string");
      metadata[key] = text.get<std::string>();
    }
    return metadata;
  }

  Entry read_entry(const std::string& name, const json& value) const {
    const std::string where = "tensor " + in_quotes(name);
    if (!value.is_object()) damaged(where + " is not an object");
    for (const char* key : {"dtype", "shape", "data_offsets"}) {
      if (!value.contains(key)) damaged(where + " has no " + key);
    }
    if (value.size() != 3) damaged(where + " has keys besides dtype, shape and data_offsets");

    if (!value["dtype"].is_string()) damaged(where + ": dtype is not a string");
    const auto& dtype = value["dtype"].get_ref<const std::string&>();
    if (dtype != "F32") damaged(where + " has dtype " + in_quotes(dtype) + "; ffwd reads F32 only");

    const std::vector<uint64_t> shape = read_numbers(value["shape"], where + ": shape");
    const std::vector<uint64_t> offsets = read_numbers(value["data_offsets"], where + ": offsets");
    if (offsets.size() != 2) damaged(where + ": data_offsets are not two numbers");
    return {name, {shape.begin(), shape.end()}, offsets[0], offsets[1]};
  }

  std::vector<uint64_t> read_numbers(const json& value, const std::string& where) const {
    if (!value.is_array()) damaged(where + " is not a list");
    std::vector<uint64_t> numbers;
    for (const json& item : value) {
      if (!item.is_number_unsigned() || item.get<uint64_t>() > uint64_t(INT64_MAX)) {
        damaged(where + " holds something that is not a whole number from 0 to 2^63 - 1");
      }
      numbers.push_back(item.get<uint64_t>());
    }
    return numbers;
  }

  // `entries` are sorted by where their data begin.
  void check_layout(const std::vector<Entry>& entries) const {
    uint64_t reached = 0;
    for (const Entry& entry : entries) {
      const std::string where = "tensor " + in_quotes(entry.name);
      uint64_t bytes = 0;
      if (!byte_count(entry.shape, bytes)) damaged(where + ": shape is too large");
      if (entry.begin != reached) {
        damaged(where + (entry.begin > reached ? " leaves a hole before its data"
                                               : " overlaps the data of another tensor"));
      }
      if (entry.end < entry.begin || entry.end - entry.begin != bytes) {
        damaged(where + ": data_offsets do not match its shape");
      }
      if (entry.end > data_.size()) damaged(where + ": the file ends within its data");
      reached = entry.end;
    }
    if (reached != data_.size()) damaged("bytes follow the last tensor");
  }

  NamedTensor load(Entry entry) const {
    const std::string_view bytes = data_.substr(entry.begin, entry.end - entry.begin);
    NamedTensor tensor{std::move(entry.name), std::move(entry.shape),
                       std::vector<float>(bytes.size() / sizeof(float))};
    if (!bytes.empty()) std::memcpy(tensor.data.data(), bytes.data(), bytes.size());
    return tensor;
  }

  std::string_view bytes_, data_;
  const std::string& origin_;
};

ordered_json header_of(const std::vector<LazyTensor>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  ordered_json header = ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  std::set<std::string> names = {kMetadata};
  uint64_t offset = 0;
  for (const LazyTensor& tensor : tensors) {
    uint64_t bytes = 0;
    FFWD_EXPECT(names.insert(tensor.name).second, "tensor names must differ: " + tensor.name);
    FFWD_EXPECT(byte_count(tensor.shape, bytes), "no tensor has such a shape: " + tensor.name);
    header[tensor.name] = {
        {"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  return header;
}

}  // namespace

bool all_finite(const std::vector<float>& data) {
  return std::all_of(data.begin(), data.end(), [](float value) { return std::isfinite(value); });
}

const NamedTensor* SafetensorsFile::find(std::string_view name) const {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

void encode_safetensors(const std::vector<LazyTensor>& tensors,
                        const std::map<std::string, std::string>& metadata,
                        const std::function<void(std::string_view bytes)>& write) {
  std::string text;
  try {
    text = header_of(tensors, metadata).dump();
  } catch (const nlohmann::json::exception& error) {
    throw Error(std::string("names and metadata of tensors must be UTF-8: ") + error.what());
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');  // so that the data are aligned

  const uint64_t length = text.size();
  write({reinterpret_cast<const char*>(&length), sizeof(length)});
  write(text);
  for (const LazyTensor& tensor : tensors) {
    const std::vector<float> data = tensor.data();
    uint64_t bytes = 0;
    FFWD_EXPECT(byte_count(tensor.shape, bytes) && bytes == data.size() * sizeof(float),
                "the data of a tensor must match its shape: " + tensor.name);
    write({reinterpret_cast<const char*>(data.data()), bytes});
  }
}

SafetensorsFile decode_safetensors(std::string_view bytes, const std::string& origin) {
  return Reader(bytes, origin).read();
}

}  // namespace ffwd
