// unpack_data_files takes what it was asked for out of a tarball, and nothing else, anywhere else.

#include "host/data/unpack.h"

#include <gtest/gtest.h>

#include "tests/data_files.h"

namespace ffwd::test {
namespace {

class Unpack : public ::testing::Test {
 protected:
  void unpack(const std::string& tarball) {
    std::filesystem::create_directories(out_);
    unpack_data_files(folder_.write("tarball", tarball),
                      {data_file("images", images_), data_file("labels", labels_)}, out_);
  }
  size_t files_written() const {
    const std::filesystem::directory_iterator files(out_), end;
    return static_cast<size_t>(std::distance(files, end));
  }

  const std::string images_ = digits(1, 50000), labels_ = digits(2, 300);
  TemporaryFolder folder_;
  const std::string out_ = folder_ / "inner/out";
};

TEST_F(Unpack, FoldersInNamesLeadNowhere) {
  unpack(tar_gz({{"../../images", images_}, {"/labels", labels_}, {"../evil", "x"}}));
  EXPECT_TRUE(content_of(out_ + "/images") == images_);
  EXPECT_TRUE(content_of(out_ + "/labels") == labels_);
  EXPECT_EQ(files_written(), 2u);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "inner/evil"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "images"));
}

TEST_F(Unpack, RefusesOtherContents) {
  const std::string tarball = folder_ / "tarball";
  const auto message = [&](const std::map<std::string, std::string>& members) {
    const std::string said = error_of(ExitCode::data, [&] { unpack(tar_gz(members)); });
    expect_contains(said, {tarball});
    return said;
  };
  expect_contains(message({{"images", images_ + "x"}, {"labels", labels_}}),
                  {"images has 50001 bytes, expected 50000"});
  expect_contains(message({{"images", digits(3, 50000)}, {"labels", labels_}}),
                  {"images has SHA-256", "expected " + data_file("", images_).sha256});
  EXPECT_EQ(files_written(), 0u);
  expect_contains(message({{"images", images_}}), {"holds no labels"});
}

TEST_F(Unpack, RefusesDamage) {
  const std::string good = tar_gz({{"images", images_}, {"labels", labels_}});
  for (size_t kept = 0; kept < good.size() - 600; kept += 1999) {
    expect_contains(error_of(ExitCode::data, [&] { unpack(good.substr(0, kept)); }),
                    {folder_ / "tarball"});
  }
  expect_contains(error_of(ExitCode::data, [&] { unpack("no tarball"); }),
                  {"truncated or damaged"});
  expect_contains(error_of(ExitCode::data, [&] { unpack_data_files(folder_ / "none", {}, out_); }),
                  {folder_ / "none"});
}

TEST_F(Unpack, FolderThatCannotBeWritten) {
  const std::string tarball =
      folder_.write("tarball", tar_gz({{"images", images_}, {"labels", labels_}}));
  EXPECT_THROW(unpack_data_files(tarball, {data_file("images", images_)}, folder_ / "missing"),
               FileError);
}

}  // namespace
}  // namespace ffwd::test
