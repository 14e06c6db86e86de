// What encode_png writes, read_png reads; broken and oversized files are refused.

#include "host/data/png.h"

#include <gtest/gtest.h>
#include <png.h>

#include "tests/temporary_folder.h"
#include "tests/text_check.h"

namespace ffwd::test {
namespace {

std::vector<uint8_t> ramp(int64_t count) {
  std::vector<uint8_t> bytes(static_cast<size_t>(count));
  for (size_t n = 0; n < bytes.size(); ++n) bytes[n] = static_cast<uint8_t>(n * 37);
  return bytes;
}

std::string png_file(int64_t height, int64_t width, int64_t channels) {
  const std::vector<uint8_t> bytes =
      encode_png(ramp(height * width * channels), {height, width, channels});
  return {bytes.begin(), bytes.end()};
}

TEST(Png, RoundTrip) {
  const TemporaryFolder folder;
  for (const int64_t channels : {1, 3}) {
    for (const auto& [height, width] : {std::pair<int64_t, int64_t>{1, 1}, {28, 28}, {7, 31}}) {
      const PngImage image =
          read_png(folder.write("image.png", png_file(height, width, channels)), channels);
      EXPECT_EQ(image.shape, (ImageShape{height, width, channels}));
      EXPECT_EQ(image.pixels, ramp(height * width * channels));
    }
  }
}

// Written by libpng in formats that encode_png does not write.
std::string written_as(png_uint_32 format, const void* pixels, const void* colours = nullptr,
                       png_uint_32 colour_count = 0) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = 2;
  image.height = 1;
  image.format = format;
  image.colormap_entries = colour_count;
  png_alloc_size_t bytes = 1 << 16;
  std::string file(bytes, '\0');
  EXPECT_TRUE(png_image_write_to_memory(&image, file.data(), &bytes, 0, pixels, 0, colours))
      << image.message;
  file.resize(bytes);
  return file;
}

TEST(Png, TransparencyLiesOnBlack) {
  const TemporaryFolder folder;
  const uint8_t pixels[] = {10, 20, 30, 255, 90, 80, 70, 0};
  const auto image = read_png(folder.write("image.png", written_as(PNG_FORMAT_RGBA, pixels)), 3);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{10, 20, 30, 0, 0, 0}));
}

TEST(Png, PalettesAreResolved) {
  const TemporaryFolder folder;
  const uint8_t colours[] = {1, 2, 3, 200, 150, 100};
  const uint8_t indices[] = {1, 0};
  const auto image = read_png(
      folder.write("image.png", written_as(PNG_FORMAT_RGB_COLORMAP, indices, colours, 2)), 3);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{200, 150, 100, 1, 2, 3}));
}

// libpng writes 16 bits with a note that they are linear; most programs write them without one.
TEST(Png, SixteenBitsAreCutToEight) {
  const TemporaryFolder folder;
  const uint16_t pixels[] = {0xFFFF, 0x8000};
  std::string file = written_as(PNG_FORMAT_LINEAR_Y, pixels);
  for (const auto& [chunk, bytes] : {std::pair<const char*, size_t>{"gAMA", 4}, {"cHRM", 32}}) {
    const size_t name = file.find(chunk);
    if (name != std::string::npos) file.erase(name - 4, 12 + bytes);
  }
  const auto image = read_png(folder.write("image.png", file), 1);
  EXPECT_EQ(image.shape.channels, 1);
  EXPECT_EQ(image.pixels, (std::vector<uint8_t>{255, 128}));
}

TEST(Png, GreysMayBeStoredAsColours) {
  const TemporaryFolder folder;
  const uint8_t equal[] = {7, 7, 7, 200, 200, 200};
  const std::string grey = folder.write("grey.png", written_as(PNG_FORMAT_RGB, equal));
  EXPECT_EQ(read_png(grey, 1).pixels, (std::vector<uint8_t>{7, 200}));
  EXPECT_EQ(read_png(grey, 1).shape, (ImageShape{1, 2, 1}));
  EXPECT_EQ(read_png(grey, 3).pixels, (std::vector<uint8_t>{7, 7, 7, 200, 200, 200}));
  const uint8_t bytes[] = {7, 200};
  const std::string one = folder.write("one.png", written_as(PNG_FORMAT_GRAY, bytes));
  EXPECT_EQ(read_png(one, 3).pixels, (std::vector<uint8_t>{7, 7, 7, 200, 200, 200}));
  for (const size_t at : {3, 4, 5}) {
    uint8_t unequal[] = {7, 7, 7, 200, 200, 200};
    ++unequal[at];
    const std::string colour = folder.write("colour.png", written_as(PNG_FORMAT_RGB, unequal));
    EXPECT_EQ(error_of(ExitCode::data, [&] { read_png(colour, 1); }),
              colour + ": shows colours, expected greys alone");
  }
}

TEST(Png, RefusesWhatIsNoPng) {
  const TemporaryFolder folder;
  const std::string missing = folder / "missing.png";
  expect_contains(error_of(ExitCode::data, [&] { read_png(missing, 1); }),
                  {missing, "No such file"});
  for (const char* content : {"", "x", "GIF89a and more of that", "\x89PNG\r\n\x1a\n"}) {
    const std::string path = folder.write("no.png", content);
    expect_contains(error_of(ExitCode::data, [&] { read_png(path, 1); }),
                    {path, "not a readable PNG file"});
  }
}

TEST(Png, RefusesTruncatedAndDamagedFiles) {
  const TemporaryFolder folder;
  const std::string good = png_file(28, 28, 3);
  const size_t pixels_end = good.size() - 12;  // the last chunk, IEND, holds nothing
  for (size_t kept = 0; kept < pixels_end; kept += 41) {
    const std::string path = folder.write("image.png", good.substr(0, kept));
    expect_contains(error_of(ExitCode::data, [&] { read_png(path, 3); }), {path, "PNG"});
  }
  const size_t data = good.find("IDAT");
  ASSERT_NE(data, std::string::npos);
  for (size_t at = data + 4; at < pixels_end; at += 61) {
    std::string damaged = good;
    damaged[at] ^= 4;
    const std::string path = folder.write("image.png", damaged);
    expect_contains(error_of(ExitCode::data, [&] { read_png(path, 3); }),
                    {path, "truncated or damaged"});
  }
}

TEST(Png, RefusesLargeImagesBeforeReadingThem) {
  const TemporaryFolder folder;
  const std::vector<uint8_t> row(4097, 0);
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = 4097;
  image.height = 1;
  image.format = PNG_FORMAT_GRAY;
  const std::string path = folder / "wide.png";
  ASSERT_TRUE(png_image_write_to_file(&image, path.c_str(), 0, row.data(), 0, nullptr));
  EXPECT_EQ(error_of(ExitCode::data, [&] { read_png(path, 1); }),
            path + ": 4097 x 1 pixels, expected at most 4096 either way");
}

TEST(Png, EncodingChecksItsArguments) {
  EXPECT_THROW(encode_png(ramp(8), {2, 2, 2}), Error);
  EXPECT_THROW(encode_png(ramp(5), {2, 2, 1}), Error);
  EXPECT_THROW(encode_png({}, {0, 2, 1}), Error);
}

}  // namespace
}  // namespace ffwd::test
