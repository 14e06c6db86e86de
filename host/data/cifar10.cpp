#include "host/data/cifar10.h"

#include <algorithm>

#include "host/basics/errors.h"
#include "host/data/compressed_file.h"

namespace ffwd {
namespace {

constexpr int64_t kClasses = 10, kChannels = 3, kSide = 32;
constexpr int64_t kPlane = kSide * kSide;
constexpr int64_t kRecord = 1 + kChannels * kPlane;  // bytes

std::vector<uint8_t> read_records(const std::string& path, int64_t records) {
  const auto bytes = static_cast<uint64_t>(records * kRecord);
  const std::string expected = "expected " + std::to_string(bytes) +
                               " bytes: " + std::to_string(records) + " records of " +
                               std::to_string(kRecord);
  CompressedFile file(path);
  std::vector<uint8_t> content = file.read(bytes);
  if (content.size() < bytes) {
    throw DataError(path + ": ends at offset " + std::to_string(content.size()) + ", " + expected);
  }
  if (!file.read(1).empty()) {
    throw DataError(path + ": goes on at offset " + std::to_string(bytes) + ", " + expected);
  }
  for (int64_t n = 0; n < records; ++n) {
    const int label = content[n * kRecord];
    if (label >= kClasses) {
      throw DataError(path + ": label " + std::to_string(label) + " at offset " +
                      std::to_string(n * kRecord) + ", expected 0 to " +
                      std::to_string(kClasses - 1));
    }
  }
  return content;
}

// C x H x W to H x W x C.
void interleave(const uint8_t* planes, uint8_t* pixels) {
  for (int64_t at = 0; at < kPlane; ++at) {
    for (int64_t c = 0; c < kChannels; ++c) pixels[at * kChannels + c] = planes[c * kPlane + at];
  }
}

}  // namespace

Images read_cifar10(const std::vector<std::string>& batch_paths, int64_t most,
                    int64_t images_per_batch) {
  Images images;
  images.count = std::min(most, static_cast<int64_t>(batch_paths.size()) * images_per_batch);
  images.shape = {kSide, kSide, kChannels};
  images.pixels.resize(static_cast<size_t>(images.count * kChannels * kPlane));
  uint8_t* pixels = images.pixels.data();
  for (const std::string& path : batch_paths) {
    const int64_t missing = images.count - static_cast<int64_t>(images.labels.size());
    if (missing == 0) break;
    const std::vector<uint8_t> records = read_records(path, images_per_batch);
    for (int64_t n = 0; n < std::min(missing, images_per_batch); ++n) {
      const uint8_t* record = records.data() + n * kRecord;
      images.labels.push_back(record[0]);
      interleave(record + 1, pixels);
      pixels += kChannels * kPlane;
    }
  }
  return images;
}

}  // namespace ffwd
