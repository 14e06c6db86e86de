#include "host/data/idx.h"

#include <algorithm>
#include <vector>

#include "host/basics/errors.h"
#include "host/basics/number_text.h"
#include "host/data/compressed_file.h"

namespace ffwd {
namespace {

struct IdxValues {
  std::vector<int64_t> sizes;   // of each dimension, in the file
  std::vector<uint8_t> values;  // of the items that are kept
};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw DataError(path + ": " + what);
}

uint32_t big_endian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 | bytes[3];
}

std::string hex(uint32_t value) {
  return format("0x%08X", value);
}

std::string by(const std::vector<int64_t>& sizes) {
  std::string text;
  for (const int64_t size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

// The magic number and `dimensions` sizes, all at least 1.
std::vector<int64_t> read_header(CompressedFile& file, const std::string& path, int dimensions) {
  const size_t expected = 4 + 4 * static_cast<size_t>(dimensions);
  const std::vector<uint8_t> header = file.read(expected);
  const uint32_t magic = 0x0800 + static_cast<uint32_t>(dimensions);
  if (header.size() >= 4 && big_endian(header.data()) != magic) {
    fail(path, "IDX magic " + hex(big_endian(header.data())) + " at offset 0, expected " +
                   hex(magic) + " (unsigned bytes, dimensions: " + std::to_string(dimensions) +
                   ")");
  }
  if (header.size() < expected) {
    fail(path, "ends at offset " + std::to_string(header.size()) + ", expected an IDX header of " +
                   std::to_string(expected) + " bytes");
  }
  std::vector<int64_t> sizes;
  for (size_t at = 4; at < expected; at += 4) {
    sizes.push_back(big_endian(header.data() + at));
    if (sizes.back() == 0) {
      fail(path, "size 0 at offset " + std::to_string(at) + ", expected at least 1");
    }
  }
  return sizes;
}

// The product of `sizes`, or `most` + 1 if it is larger than `most`.
uint64_t product(const std::vector<int64_t>& sizes, uint64_t most) {
  uint64_t total = 1;
  for (const int64_t size : sizes) {
    if (static_cast<uint64_t>(size) > most / total) return most + 1;
    total *= static_cast<uint64_t>(size);
  }
  return total;
}

// Keeps the first `most` items of the first dimension.
IdxValues read_values(const std::string& path, int dimensions, int64_t most, uint64_t max_bytes) {
  CompressedFile file(path);
  IdxValues idx;
  idx.sizes = read_header(file, path, dimensions);
  const uint64_t promised = product(idx.sizes, max_bytes);
  if (promised > max_bytes) {
    fail(path, "header promises " + by(idx.sizes) + " values, expected at most " +
                   std::to_string(max_bytes));
  }
  const uint64_t header = 4 + 4 * static_cast<uint64_t>(dimensions);
  const std::string expected = "expected " + std::to_string(header + promised) +
                               " bytes: a header of " + std::to_string(header) + " and " +
                               by(idx.sizes) + " values";
  const int64_t items = idx.sizes[0];
  idx.values = file.read(promised / uint64_t(items) * uint64_t(std::min(items, most)));
  const uint64_t read = idx.values.size() + file.skip(promised - idx.values.size());
  if (read < promised) {
    fail(path, "ends at offset " + std::to_string(header + read) + ", " + expected);
  }
  if (!file.read(1).empty()) {
    fail(path, "goes on at offset " + std::to_string(header + promised) + ", " + expected);
  }
  return idx;
}

}  // namespace

Images read_idx(const std::string& images_path, const std::string& labels_path, int64_t classes,
                int64_t most, uint64_t max_bytes) {
  const IdxValues labels = read_values(labels_path, 1, most, max_bytes);
  for (size_t n = 0; n < labels.values.size(); ++n) {
    if (labels.values[n] >= classes) {
      fail(labels_path, "label " + std::to_string(labels.values[n]) + " at offset " +
                            std::to_string(8 + n) + ", expected 0 to " +
                            std::to_string(classes - 1));
    }
  }
  IdxValues pixels = read_values(images_path, 3, most, max_bytes);
  if (labels.sizes[0] != pixels.sizes[0]) {
    fail(labels_path, std::to_string(labels.sizes[0]) + " labels, expected " +
                          std::to_string(pixels.sizes[0]) + ", one for each image in " +
                          images_path);
  }
  Images images;
  images.pixels = std::move(pixels.values);
  images.labels.assign(labels.values.begin(), labels.values.end());
  images.count = int64_t(images.labels.size());
  images.shape = {pixels.sizes[1], pixels.sizes[2], 1};
  return images;
}

}  // namespace ffwd
