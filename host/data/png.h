// PNG images: reading one to classify, writing one for a report.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/device/image_shape.h"

namespace ffwd {

constexpr int64_t kLargestPngSide = 4096;  // pixels

struct PngImage {
  std::vector<uint8_t> pixels;  // H x W x C
  ImageShape shape;             // channels: 1 grey, 3 red green blue
};

// Any PNG with so many channels, 1 or 3, for greys may be stored as colours: palettes are resolved,
// 16 bits cut to 8, transparent parts laid on black. Throws DataError if the file is missing,
// damaged, truncated or larger than kLargestPngSide either way, or shows colours where greys are
// asked for.
PngImage read_png(const std::string& path, int64_t channels);

// The bytes of a PNG file with these H x W x C pixels, C = 1 or 3.
std::vector<uint8_t> encode_png(const std::vector<uint8_t>& pixels, const ImageShape& shape);

}  // namespace ffwd
