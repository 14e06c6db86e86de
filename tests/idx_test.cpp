// read_idx delivers what an IDX pair holds, and answers each malformed one with a DataError that
// names the file, what was found and what was expected, without following a lying header.

#include "host/data/idx.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <random>

#include "host/data/load_dataset.h"
#include "tests/data_files.h"

namespace ffwd::test {
namespace {

constexpr int64_t kClasses = 10;
constexpr uint32_t kHuge = 0xFFFFFFFF;

int64_t peak_memory_kib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

std::string good_images() {
  return idx({3, 4, 5}, 256);
}
std::string good_labels() {
  return idx({3}, 10);
}

TEST(Idx, ReadsImagesAndLabels) {
  const TemporaryFolder folder;
  for (const auto& compress : {+[](const std::string& plain) { return plain; },
                               +[](const std::string& plain) { return gzip(plain); },
                               +[](const std::string& plain) { return xz(plain); }}) {
    const Images images = read_idx(folder.write("images", compress(good_images())),
                                   folder.write("labels", compress(good_labels())), kClasses);
    EXPECT_EQ(images.count, 3);
    EXPECT_EQ(images.shape, (ImageShape{4, 5, 1}));
    EXPECT_EQ(images.labels, (std::vector<int32_t>{0, 1, 2}));
    ASSERT_EQ(images.pixels.size(), 60u);
    for (size_t n = 0; n < 60; ++n) EXPECT_EQ(images.pixels[n], n);
  }
}

TEST(Idx, HighestLabelAndLimitAreAccepted) {
  const TemporaryFolder folder;
  const Images images = read_idx(folder.write("images", idx({1, 2, 2}, 256)),
                                 folder.write("labels", idx_header({1}) + '\x09'), kClasses,
                                 /*most=*/1, /*max_bytes=*/4);
  EXPECT_EQ(images.labels[0], 9);
}

TEST(Idx, KeepsAsManyAsAreAskedFor) {
  const TemporaryFolder folder;
  const std::string labels = folder.write("labels", good_labels());
  const std::string path = folder.write("images", gzip(good_images()));
  const Images images = read_idx(path, labels, kClasses, /*most=*/2);
  EXPECT_EQ(images.count, 2);
  EXPECT_EQ(images.labels, (std::vector<int32_t>{0, 1}));
  ASSERT_EQ(images.pixels.size(), 40u);
  EXPECT_EQ(images.pixels.back(), 39);
  EXPECT_EQ(read_idx(path, labels, kClasses, /*most=*/4).count, 3);

  // What follows them is looked at all the same.
  const std::string cut = folder.write("cut", good_images().substr(0, 75));
  expect_contains(error_of(ExitCode::data, [&] { read_idx(cut, labels, kClasses, /*most=*/2); }),
                  {cut, "ends at offset 75"});
}

struct Malformed {
  const char* name;
  std::string images, labels;
  bool images_are_wrong;  // else the labels are, and their file must be named
  std::vector<std::string> must_say;
};

std::vector<Malformed> malformed_pairs() {
  const std::string images = good_images(), labels = good_labels();
  const std::string pixels = images.substr(16);
  const auto bad_images = [&](const char* name, const std::string& content,
                              const std::vector<std::string>& must_say) {
    return Malformed{name, content, labels, true, must_say};
  };
  const auto bad_labels = [&](const char* name, const std::string& content,
                              const std::vector<std::string>& must_say) {
    return Malformed{name, images, content, false, must_say};
  };
  const std::string wants_images = "expected 0x00000803";
  const std::string wants_labels = "expected 0x00000801";
  const std::string image_header = "expected an IDX header of 16 bytes";
  const std::string label_header = "expected an IDX header of 8 bytes";
  const std::string image_bytes = "expected 76 bytes: a header of 16 and 3 x 4 x 5 values";
  const std::string label_bytes = "expected 11 bytes: a header of 8 and 3 values";
  const std::string most = "expected at most 1073741824";
  const auto lie = [](const std::vector<uint32_t>& sizes) { return idx_header(sizes) + "abc"; };

  std::vector<Malformed> pairs = {
      bad_images("images_empty", "", {"ends at offset 0", image_header}),
      bad_images("images_one_byte", images.substr(0, 1), {"ends at offset 1", image_header}),
      bad_images("images_magic_only", images.substr(0, 4), {"ends at offset 4", image_header}),
      bad_images("images_half_size", images.substr(0, 9), {"ends at offset 9", image_header}),
      bad_images("images_no_width", images.substr(0, 12), {"ends at offset 12", image_header}),
      bad_images("images_no_pixels", images.substr(0, 16), {"ends at offset 16", image_bytes}),
      bad_images("images_one_short", images.substr(0, 75), {"ends at offset 75", image_bytes}),
      bad_images("images_one_over", images + "x", {"goes on at offset 76", image_bytes}),
      bad_images("images_doubled", images + images, {"goes on at offset 76", image_bytes}),
      bad_images("images_are_labels", labels, {"0x00000801 at offset 0", wants_images}),
      bad_images("images_as_floats", big_endian(0x0D03) + images.substr(4),
                 {"0x00000D03 at offset 0", wants_images}),
      bad_images("images_signed", big_endian(0x0903) + images.substr(4),
                 {"0x00000903", wants_images}),
      bad_images("images_two_dimensions", big_endian(0x0802) + images.substr(4),
                 {"0x00000802", wants_images}),
      bad_images("images_four_dimensions", idx({3, 4, 5, 1}, 256), {"0x00000804", wants_images}),
      bad_images("images_little_endian", std::string("\x03\x08\0\0", 4) + images.substr(4),
                 {"0x03080000", wants_images}),
      bad_images("images_zero_count", idx_header({0, 4, 5}), {"size 0 at offset 4", "at least 1"}),
      bad_images("images_zero_height", idx_header({3, 0, 5}), {"size 0 at offset 8", "at least 1"}),
      bad_images("images_zero_width", idx_header({3, 4, 0}), {"size 0 at offset 12", "at least 1"}),
      bad_images("images_huge_count", lie({kHuge, 28, 28}), {"4294967295 x 28 x 28", most}),
      bad_images("images_huge_height", lie({3, kHuge, 5}), {"3 x 4294967295 x 5", most}),
      bad_images("images_huge_width", lie({3, 4, kHuge}), {"3 x 4 x 4294967295", most}),
      bad_images("images_all_huge", lie({kHuge, kHuge, kHuge}), {most}),
      bad_images("images_product_2_to_64", lie({0x1000000, 0x1000000, 0x10000}), {most}),
      bad_images("images_product_over_64_bits", lie({kHuge, 0x10000, 0x10001}), {most}),
      bad_images("images_product_2_to_32", lie({0x10000, 0x10000, 1}), {most}),
      bad_images("images_one_over_limit", lie({(1u << 30) + 1, 1, 1}), {most}),
      bad_images("images_lie_under_limit", lie({1u << 30, 1, 1}),
                 {"ends at offset 19", "1073741824 x 1 x 1"}),
      bad_images("images_swapped_size",
                 big_endian(0x0803) + std::string("\3\0\0\0", 4) + images.substr(8),
                 {"ends at offset 76"}),
      bad_images("images_text", "not an IDX file at all", {"0x6E6F7420", wants_images}),
      bad_images("images_html", "<html>404 Not Found</html>", {"0x3C68746D", wants_images}),
      bad_images("images_png", "\x89PNG\r\n\x1a\n.........", {"0x89504E47", wants_images}),
      bad_images("images_gz_truncated", gzip(images).substr(0, 40), {"truncated"}),
      bad_images("images_gz_without_end", gzip(images).substr(0, gzip(images).size() - 8),
                 {"truncated"}),
      bad_images("images_gz_of_short", gzip(images.substr(0, 70)),
                 {"ends at offset 70", image_bytes}),
      bad_images("images_gz_of_long", gzip(images + "xyz"), {"goes on at offset 76", image_bytes}),
      bad_images("images_gz_twice", gzip(gzip(images)), {"0x1F8B0", wants_images}),
      bad_images("images_xz_truncated", xz(images).substr(0, 50), {"truncated"}),
      bad_labels("labels_empty", "", {"ends at offset 0", label_header}),
      bad_labels("labels_magic_only", labels.substr(0, 4), {"ends at offset 4", label_header}),
      bad_labels("labels_are_images", images, {"0x00000803 at offset 0", wants_labels}),
      bad_labels("labels_zero", idx_header({0}), {"size 0 at offset 4", "at least 1"}),
      bad_labels("labels_huge", idx_header({kHuge}) + "abc", {"4294967295", most}),
      bad_labels("labels_one_short", labels.substr(0, 10), {"ends at offset 10", label_bytes}),
      bad_labels("labels_one_over", labels + '\1', {"goes on at offset 11", label_bytes}),
      bad_labels("labels_255", idx_header({3}) + "\1\xFF\2",
                 {"label 255 at offset 9", "expected 0 to 9"}),
      bad_labels("labels_10", idx_header({3}) + "\1\2\x0A",
                 {"label 10 at offset 10", "expected 0 to 9"}),
      bad_labels("labels_as_text", idx_header({3}) + "012",
                 {"label 48 at offset 8", "expected 0 to 9"}),
      bad_labels("labels_fewer", idx({2}, 10), {"2 labels, expected 3", "images_file"}),
      bad_labels("labels_more", idx({4}, 10), {"4 labels, expected 3", "images_file"}),
      bad_labels("labels_gz_truncated", gzip(labels).substr(0, 20), {"truncated"}),
  };
  return pairs;
}

class MalformedIdx : public ::testing::TestWithParam<Malformed> {};

TEST_P(MalformedIdx, IsAnsweredWithOneClearSentence) {
  const TemporaryFolder folder;
  const Malformed& pair = GetParam();
  const std::string images = folder.write("images_file", pair.images);
  const std::string labels = folder.write("labels_file", pair.labels);
  const std::string message = error_of(ExitCode::data, [&] { read_idx(images, labels, kClasses); });
  const std::string start = (pair.images_are_wrong ? images : labels) + ": ";
  EXPECT_EQ(message.substr(0, start.size()), start);
  EXPECT_EQ(message.find('\n'), std::string::npos);
  expect_contains(message, pair.must_say);
}

INSTANTIATE_TEST_SUITE_P(All, MalformedIdx, ::testing::ValuesIn(malformed_pairs()),
                         [](const auto& info) { return std::string(info.param.name); });

// One header promises the whole limit of 1 GiB, one far more, and one file unpacks to 256 MiB that
// nobody asked for; the files themselves are small.
TEST(Idx, MemoryDoesNotFollowALyingHeader) {
  const TemporaryFolder folder;
  const std::string labels = folder.write("labels", good_labels());
  const std::string lie = folder.write("lie", idx_header({1u << 20, 32, 32}) + "abc");
  const std::string larger = folder.write("larger", idx_header({kHuge, kHuge, kHuge}) + "abc");
  std::string bomb = gzip(good_images());
  const std::string mebibyte_of_zeros = gzip(std::string(1 << 20, '\0'));
  for (int n = 0; n < 256; ++n) bomb += mebibyte_of_zeros;
  ASSERT_LT(bomb.size(), 1u << 20);

  const int64_t before = peak_memory_kib();
  for (const std::string& path : {folder.write("bomb", bomb), lie, larger}) {
    expect_contains(error_of(ExitCode::data, [&] { read_idx(path, labels, kClasses); }), {path});
  }
  // Of 256 MiB and more. Sanitizers keep some of what is freed.
  EXPECT_LT(peak_memory_kib() - before, 32 * 1024);
}

TEST(Idx, RandomDamageIsReadOrRefusedButNeverCrashes) {
  const TemporaryFolder folder;
  const std::string labels = folder.write("labels", good_labels());
  std::mt19937 random(1);
  for (int n = 0; n < 2000; ++n) {
    std::string content = n % 2 ? good_images() : gzip(good_images());
    for (unsigned flips = 1 + random() % 4; flips > 0; --flips) {
      content[random() % content.size()] = static_cast<char>(random());
    }
    if (random() % 4 == 0) content.resize(random() % content.size());
    const std::string path = folder.write("images", content);
    try {
      const Images images = read_idx(path, labels, kClasses);
      EXPECT_EQ(static_cast<int64_t>(images.pixels.size()),
                images.count * images.shape.height * images.shape.width);
    } catch (const DataError& error) {
      expect_contains(error.what(), {folder.path()});
    }
  }
}

TEST(Idx, RealMnist) {
  const auto folder = find_dataset("mnist");
  if (!folder) GTEST_SKIP() << "MNIST is not on this machine";
  const std::vector<DataFile>& files = catalog_entry("mnist").files;
  const Images images =
      read_idx(*find_data_file(*folder, files[2]), *find_data_file(*folder, files[3]), kClasses);
  EXPECT_EQ(images.count, 10000);
  EXPECT_EQ(images.shape.height, 28);
  EXPECT_EQ(images.shape.width, 28);
  const std::vector<int32_t> first(images.labels.begin(), images.labels.begin() + 5);
  EXPECT_EQ(first, (std::vector<int32_t>{7, 2, 1, 0, 4}));
}

}  // namespace
}  // namespace ffwd::test
