// Whole files: what is written reads back, trouble is named, and a failed write leaves the old file
// and nothing else.
#include "host/basics/file_io.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "tests/temporary_folder.h"
#include "tests/text_check.h"

namespace ffwd::test {
namespace {

namespace fs = std::filesystem;

class FileIoTest : public testing::Test {
 protected:
  const TemporaryFolder folder_;
};

TEST_F(FileIoTest, WritesAndReplacesWholeFiles) {
  const std::string path = folder_ / "file";
  const std::string bytes("a\0\xff\n", 4);
  write_file_atomically(path, bytes);
  EXPECT_EQ(read_file(path, 4), bytes);
  write_file_atomically(path, "");
  EXPECT_EQ(read_file(path, 0), "");
  const std::string large(3'000'000, 'x');
  write_file_atomically(path, large);
  EXPECT_EQ(read_file(path, large.size()), large);
  EXPECT_EQ(read_regular_file(path), large);
  EXPECT_EQ(files_in(folder_.path()), 1u);
}

TEST_F(FileIoTest, WritesThroughALink) {
  const std::string file = folder_ / "file", link = folder_ / "link";
  write_file_atomically(file, "first");
  fs::create_symlink("file", link);
  write_file_atomically(link, "second");
  EXPECT_EQ(read_file(file, 100), "second");
  EXPECT_TRUE(fs::is_symlink(link));

  fs::remove(file);  // a link to nothing, and one to that link
  fs::create_symlink(link, folder_ / "absolute");
  write_file_atomically(folder_ / "absolute", "third");
  EXPECT_EQ(read_file(file, 100), "third");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_TRUE(fs::is_symlink(folder_ / "absolute"));
}

TEST_F(FileIoTest, RefusesLinksToNoFile) {
  fs::create_symlink(folder_.path(), folder_ / "folder");
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(folder_ / "folder", "x"); }),
             "not a regular file");
  fs::create_symlink("b", folder_ / "a");
  fs::create_symlink("a", folder_ / "b");
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(folder_ / "a", "x"); }),
             "too many links");
}

TEST_F(FileIoTest, WhatFillThrowsLeavesTheOldFileAndNothingElse) {
  const std::string path = folder_ / "file";
  write_file_atomically(path, "old");
  const auto half = [](const WriteBytes& write) {
    write("new");
    throw std::runtime_error("no more");
  };
  EXPECT_THROW(write_file_atomically(path, half), std::runtime_error);
  check_can_write(path);
  check_can_write(folder_ / "other");
  error_of(ExitCode::files, [&] { check_can_write(folder_ / "none/file"); });
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(files_in(folder_.path()), 1u);
}

TEST_F(FileIoTest, NamesPathAndReason) {
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(folder_ / "no/file", "x"); }),
             "No such file");
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(folder_.path(), "x"); }),
             "not a regular file");
  expect_has(error_of(ExitCode::files, [] { write_file_atomically("/dev/full", "x"); }),
             "not a regular file");
  expect_has(error_of(ExitCode::files, [&] { read_file(folder_ / "none", 9); }),
             folder_ / "none: No such file");
  expect_has(error_of(ExitCode::files, [&] { read_file(folder_.path(), 9); }), "Is a directory");
  expect_has(error_of(ExitCode::files, [] { read_file("/dev/zero", 9); }),
             "larger than the 9 bytes");
  expect_has(error_of(ExitCode::files, [&] { read_regular_file(folder_ / "none"); }),
             "/none: No such file");
  expect_has(error_of(ExitCode::files, [] { read_regular_file("/dev/zero"); }),
             "not a regular file");
  EXPECT_EQ(files_in(folder_.path()), 0u);
}

TEST_F(FileIoTest, TellsWhatIsThere) {
  EXPECT_TRUE(path_exists(folder_.path()));
  EXPECT_FALSE(path_exists(folder_ / "none/file"));
  expect_has(error_of(ExitCode::files, [&] { path_exists(folder_ / std::string(300, 'x')); }),
             "too long");
}

TEST_F(FileIoTest, NamesMissingPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  fs::permissions(folder_.path(), fs::perms::owner_read | fs::perms::owner_exec);
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(folder_ / "file", "x"); }),
             "Permission denied");
  fs::permissions(folder_.path(), fs::perms::owner_all);
}

// While it lives, no file may grow beyond `bytes`.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit = {bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  sighandler_t handler_;
  rlimit before_ = {};
};

TEST_F(FileIoTest, AFailedWriteLeavesTheOldFileAndNothingElse) {
  const std::string path = folder_ / "file";
  write_file_atomically(path, "old");
  append_to_file(folder_ / "lines", "one\n");
  std::string replaced, appended;
  {
    const FileSizeLimit limit(1000);
    replaced =
        error_of(ExitCode::files, [&] { write_file_atomically(path, std::string(5000, 'x')); });
    appended = error_of(ExitCode::files,
                        [&] { append_to_file(folder_ / "lines", std::string(5000, 'x')); });
  }
  expect_has(replaced, path + ": File too large");
  expect_has(appended, folder_ / "lines: File too large");
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(read_file(folder_ / "lines", 100), "one\n");
  EXPECT_EQ(files_in(folder_.path()), 2u);
}

TEST_F(FileIoTest, AFullDiskLeavesTheOldFileAndNothingElse) {
  if (::mount("ffwd-test", folder_.path().c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "may not mount a small disk";
  }
  const std::string path = folder_ / "file";
  write_file_atomically(path, "old");
  append_to_file(folder_ / "lines", "one\n");
  const std::string large(1 << 20, 'x');
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(path, large); }),
             "No space left");
  expect_has(error_of(ExitCode::files, [&] { append_to_file(folder_ / "lines", large); }),
             "No space left");
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(read_file(folder_ / "lines", 100), "one\n");
  EXPECT_EQ(files_in(folder_.path()), 2u);
  EXPECT_EQ(::umount(folder_.path().c_str()), 0);
}

}  // namespace
}  // namespace ffwd::test
