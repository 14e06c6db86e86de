// CompressedFile delivers the content of plain, gzip and xz files, notices every truncation and
// every damaged byte that changes the content, and stops at the caller's limit.

#include "host/data/compressed_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/data_files.h"

namespace ffwd::test {
namespace {

constexpr uint64_t kPlenty = uint64_t{1} << 30;

std::string some_content() {
  std::string content;
  for (int n = 0; n < 3000; ++n) content += std::to_string(n * n % 1013) + ",";
  return content;
}

class CompressedFileTest : public ::testing::Test {
 protected:
  TemporaryFolder folder_;
  const std::string content_ = some_content();
};

TEST_F(CompressedFileTest, ReadsPlainGzipAndXz) {
  for (const std::string& stored : {content_, gzip(content_), xz(content_)}) {
    const std::string path = folder_.write("file", stored);
    EXPECT_EQ(read_compressed_file(path, kPlenty), bytes_of(content_));
  }
}

TEST_F(CompressedFileTest, ReadsEmptyContent) {
  for (const std::string& stored : {std::string(), gzip(""), xz("")}) {
    EXPECT_TRUE(read_compressed_file(folder_.write("file", stored), kPlenty).empty());
  }
}

TEST_F(CompressedFileTest, ReadsInPieces) {
  for (const std::string& stored : {content_, gzip(content_), xz(content_)}) {
    CompressedFile file(folder_.write("file", stored));
    EXPECT_EQ(file.read(7), bytes_of(content_.substr(0, 7)));
    EXPECT_EQ(file.read(0).size(), 0u);
    EXPECT_EQ(file.read(kPlenty), bytes_of(content_.substr(7)));
    EXPECT_TRUE(file.read(1).empty());
    EXPECT_TRUE(file.read(1).empty());
  }
}

TEST_F(CompressedFileTest, ReadsConcatenatedGzip) {
  const std::string path = folder_.write("file", gzip("one ") + gzip("two"));
  EXPECT_EQ(read_compressed_file(path, kPlenty), bytes_of("one two"));
}

TEST_F(CompressedFileTest, ReadsMoreThanOneChunk) {
  const std::string large(5'000'000, 'x');
  EXPECT_EQ(read_compressed_file(folder_.write("file", gzip(large)), kPlenty).size(), large.size());
}

TEST_F(CompressedFileTest, LimitIsInclusive) {
  for (const std::string& stored : {content_, gzip(content_), xz(content_)}) {
    const std::string path = folder_.write("file", stored);
    EXPECT_EQ(read_compressed_file(path, content_.size()), bytes_of(content_));
    const uint64_t limit = content_.size() - 1;
    expect_contains(error_of(ExitCode::data, [&] { read_compressed_file(path, limit); }),
                    {path, "goes on after " + std::to_string(limit) + " bytes"});
  }
}

TEST_F(CompressedFileTest, EveryTruncationIsFound) {
  for (const std::string& stored : {gzip(content_), xz(content_)}) {
    for (size_t kept = 6; kept < stored.size(); kept += kept < 40 ? 1 : 97) {
      const std::string path = folder_.write("file", stored.substr(0, kept));
      expect_contains(error_of(ExitCode::data, [&] { read_compressed_file(path, kPlenty); }),
                      {path, "truncated"});
    }
    for (size_t missing = 1; missing <= 8; ++missing) {  // inside the checksums at the end
      const std::string path = folder_.write("file", stored.substr(0, stored.size() - missing));
      expect_contains(error_of(ExitCode::data, [&] { read_compressed_file(path, kPlenty); }),
                      {path, "truncated"});
    }
  }
}

TEST_F(CompressedFileTest, DamagedBytesNeverChangeTheContentUnseen) {
  for (const std::string& stored : {gzip(content_), xz(content_)}) {
    for (size_t at = 12; at < stored.size(); at += 5) {
      std::string damaged = stored;
      damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
      const std::string path = folder_.write("file", damaged);
      try {
        EXPECT_EQ(read_compressed_file(path, kPlenty), bytes_of(content_)) << "byte " << at;
      } catch (const DataError& error) {
        expect_contains(error.what(), {path});
      }
    }
  }
}

TEST_F(CompressedFileTest, DamageIsNamedOnce) {
  std::string damaged = gzip(content_);
  damaged[damaged.size() - 6] ^= 1;  // in the checksum
  const std::string path = folder_.write("file", damaged);
  EXPECT_EQ(error_of(ExitCode::data, [&] { read_compressed_file(path, kPlenty); }),
            path + ": damaged gzip data (incorrect data check)");
}

TEST_F(CompressedFileTest, MissingAndSpecialFiles) {
  const std::string missing = folder_ / "missing";
  EXPECT_EQ(error_of(ExitCode::data, [&] { CompressedFile file(missing); }),
            missing + ": cannot be opened: No such file or directory");
  EXPECT_EQ(error_of(ExitCode::data, [&] { CompressedFile file(folder_.path()); }),
            folder_.path() + ": not a regular file");
  const std::string pipe = folder_ / "pipe";
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(error_of(ExitCode::data, [&] { CompressedFile file(pipe); }),
            pipe + ": not a regular file");
}

}  // namespace
}  // namespace ffwd::test
