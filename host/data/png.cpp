#include "host/data/png.h"

#include <png.h>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

// libpng's simplified interface: it reports errors in the struct, without longjmp.
struct PngImage : png_image {
  PngImage() : png_image{} { version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(this); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
};

}  // namespace

GreyOrColourImage read_png(const std::string& path) {
  PngImage png;
  if (!png_image_begin_read_from_file(&png, path.c_str())) {
    throw DataError(path + ": not a readable PNG file (" + png.message + ")");
  }
  if (png.width > kLargestPngSide || png.height > kLargestPngSide) {
    throw DataError(path + ": " + std::to_string(png.width) + " x " + std::to_string(png.height) +
                    " pixels, expected at most " + std::to_string(kLargestPngSide) + " either way");
  }
  const bool colour = (png.format & PNG_FORMAT_FLAG_COLOR) != 0;
  png.format = colour ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  GreyOrColourImage image;
  image.shape = {png.height, png.width, colour ? 3 : 1};
  image.pixels.resize(PNG_IMAGE_SIZE(png));
  const png_color black = {0, 0, 0};
  if (!png_image_finish_read(&png, &black, image.pixels.data(), 0, nullptr)) {
    throw DataError(path + ": truncated or damaged PNG file (" + png.message + ")");
  }
  return image;
}

std::vector<uint8_t> encode_png(const std::vector<uint8_t>& pixels, const ImageShape& shape) {
  const auto [height, width, channels] = shape;
  FFWD_EXPECT(channels == 1 || channels == 3, "channels must be 1 or 3");
  FFWD_EXPECT(0 < height && height <= kLargestPngSide, "height must be 1 to kLargestPngSide");
  FFWD_EXPECT(0 < width && width <= kLargestPngSide, "width must be 1 to kLargestPngSide");
  FFWD_EXPECT(static_cast<int64_t>(pixels.size()) == shape.values(),
              "pixels must be height x width x channels");
  PngImage png;
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
