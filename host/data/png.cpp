#include "host/data/png.h"

#include <png.h>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

// libpng's simplified interface: it reports errors in the struct, without longjmp.
struct LibpngImage : png_image {
  LibpngImage() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~LibpngImage() { png_image_free(this); }
  LibpngImage(const LibpngImage&) = delete;
  LibpngImage& operator=(const LibpngImage&) = delete;
};

// One channel of three that are equal everywhere.
std::vector<uint8_t> greys_of(const std::vector<uint8_t>& colours, const std::string& path) {
  std::vector<uint8_t> greys;
  for (size_t i = 0; i < colours.size(); i += 3) {
    if (colours[i] != colours[i + 1] || colours[i] != colours[i + 2]) {
      throw DataError(path + ": shows colours, expected greys alone");
    }
    greys.push_back(colours[i]);
  }
  return greys;
}

}  // namespace

PngImage read_png(const std::string& path, int64_t channels) {
  FFWD_EXPECT(channels == 1 || channels == 3, "channels must be 1 or 3");
  LibpngImage png;
  if (!png_image_begin_read_from_file(&png, path.c_str())) {
    throw DataError(path + ": not a readable PNG file (" + png.message + ")");
  }
  if (png.width > kLargestPngSide || png.height > kLargestPngSide) {
    throw DataError(path + ": " + std::to_string(png.width) + " x " + std::to_string(png.height) +
                    " pixels, expected at most " + std::to_string(kLargestPngSide) + " either way");
  }
  const bool colour = (png.format & PNG_FORMAT_FLAG_COLOR) != 0;
  png.format = colour || channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  PngImage image;
  image.shape = {png.height, png.width, channels};
  image.pixels.resize(PNG_IMAGE_SIZE(png));
  const png_color black = {0, 0, 0};
  if (!png_image_finish_read(&png, &black, image.pixels.data(), 0, nullptr)) {
    throw DataError(path + ": truncated or damaged PNG file (" + png.message + ")");
  }
  if (colour && channels == 1) image.pixels = greys_of(image.pixels, path);
  return image;
}

std::vector<uint8_t> encode_png(const std::vector<uint8_t>& pixels, const ImageShape& shape) {
  const auto [height, width, channels] = shape;
  FFWD_EXPECT(channels == 1 || channels == 3, "channels must be 1 or 3");
  FFWD_EXPECT(0 < height && height <= kLargestPngSide, "height must be 1 to kLargestPngSide");
  FFWD_EXPECT(0 < width && width <= kLargestPngSide, "width must be 1 to kLargestPngSide");
  FFWD_EXPECT(static_cast<int64_t>(pixels.size()) == shape.values(),
              "pixels must be height x width x channels");
  LibpngImage png;
  png.height = static_cast<png_uint_32>(height);
  png.width = static_cast<png_uint_32>(width);
  png.format = channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(png);
  std::vector<uint8_t> encoded(bytes);
  const int done =
      png_image_write_to_memory(&png, encoded.data(), &bytes, 0, pixels.data(), 0, nullptr);
  FFWD_EXPECT(done, std::string("libpng must encode the image: ") + png.message);
  encoded.resize(bytes);
  return encoded;
}

}  // namespace ffwd
