// Whole files: what is written reads back, trouble is named, and a failed write leaves the old file
// and nothing else.
#include "host/basics/file_io.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "tests/scratch_folder.h"

namespace ffwd::test {
namespace {

namespace fs = std::filesystem;

class FileIoTest : public ScratchFolderTest {};

TEST_F(FileIoTest, WritesAndReplacesWholeFiles) {
  const std::string path = root_ + "/file";
  const std::string bytes("a\0\xff\n", 4);
  write_file_atomically(path, bytes);
  EXPECT_EQ(read_file(path, 4), bytes);
  write_file_atomically(path, "");
  EXPECT_EQ(read_file(path, 0), "");
  const std::string large(3'000'000, 'x');
  write_file_atomically(path, large);
  EXPECT_EQ(read_file(path, large.size()), large);
  EXPECT_EQ(read_regular_file(path), large);
  EXPECT_EQ(files_in(root_), 1u);
}

TEST_F(FileIoTest, WritesThroughALink) {
  const std::string file = root_ + "/file", link = root_ + "/link";
  write_file_atomically(file, "first");
  fs::create_symlink("file", link);
  write_file_atomically(link, "second");
  EXPECT_EQ(read_file(file, 100), "second");
  EXPECT_TRUE(fs::is_symlink(link));

  fs::remove(file);  // a link to nothing, and one to that link
  fs::create_symlink(link, root_ + "/absolute");
  write_file_atomically(root_ + "/absolute", "third");
  EXPECT_EQ(read_file(file, 100), "third");
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_TRUE(fs::is_symlink(root_ + "/absolute"));
}

TEST_F(FileIoTest, RefusesLinksToNoFile) {
  fs::create_symlink(root_, root_ + "/folder");
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(root_ + "/folder", "x"); }),
             "not a regular file");
  fs::create_symlink("b", root_ + "/a");
  fs::create_symlink("a", root_ + "/b");
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(root_ + "/a", "x"); }),
             "too many links");
}

TEST_F(FileIoTest, WhatFillThrowsLeavesTheOldFileAndNothingElse) {
  const std::string path = root_ + "/file";
  write_file_atomically(path, "old");
  const auto half = [](const WriteBytes& write) {
    write("new");
    throw std::runtime_error("no more");
  };
  EXPECT_THROW(write_file_atomically(path, half), std::runtime_error);
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(files_in(root_), 1u);
}

TEST_F(FileIoTest, NamesPathAndReason) {
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(root_ + "/no/file", "x"); }),
             "No such file");
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(root_, "x"); }),
             "not a regular file");
  expect_has(error_of(ExitCode::files, [] { write_file_atomically("/dev/full", "x"); }),
             "not a regular file");
  expect_has(error_of(ExitCode::files, [&] { read_file(root_ + "/none", 9); }),
             root_ + "/none: No such file");
  expect_has(error_of(ExitCode::files, [&] { read_file(root_, 9); }), "Is a directory");
  expect_has(error_of(ExitCode::files, [] { read_file("/dev/zero", 9); }),
             "larger than the 9 bytes");
  expect_has(error_of(ExitCode::files, [&] { read_regular_file(root_ + "/none"); }),
             "/none: No such file");
  expect_has(error_of(ExitCode::files, [] { read_regular_file("/dev/zero"); }),
             "not a regular file");
  EXPECT_EQ(files_in(root_), 0u);
}

TEST_F(FileIoTest, TellsWhatIsThere) {
  EXPECT_TRUE(path_exists(root_));
  EXPECT_FALSE(path_exists(root_ + "/none/file"));
  expect_has(error_of(ExitCode::files, [&] { path_exists(root_ + "/" + std::string(300, 'x')); }),
             "too long");
}

TEST_F(FileIoTest, NamesMissingPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  fs::permissions(root_, fs::perms::owner_read | fs::perms::owner_exec);
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(root_ + "/file", "x"); }),
             "Permission denied");
  fs::permissions(root_, fs::perms::owner_all);
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
  const std::string path = root_ + "/file";
  write_file_atomically(path, "old");
  append_to_file(root_ + "/lines", "one\n");
  std::string replaced, appended;
  {
    const FileSizeLimit limit(1000);
    replaced =
        error_of(ExitCode::files, [&] { write_file_atomically(path, std::string(5000, 'x')); });
    appended = error_of(ExitCode::files,
                        [&] { append_to_file(root_ + "/lines", std::string(5000, 'x')); });
  }
  expect_has(replaced, path + ": File too large");
  expect_has(appended, root_ + "/lines: File too large");
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(read_file(root_ + "/lines", 100), "one\n");
  EXPECT_EQ(files_in(root_), 2u);
}

TEST_F(FileIoTest, AFullDiskLeavesTheOldFileAndNothingElse) {
  if (::mount("ffwd-test", root_.c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "may not mount a small disk";
  }
  const std::string path = root_ + "/file";
  write_file_atomically(path, "old");
  append_to_file(root_ + "/lines", "one\n");
  const std::string large(1 << 20, 'x');
  expect_has(error_of(ExitCode::files, [&] { write_file_atomically(path, large); }),
             "No space left");
  expect_has(error_of(ExitCode::files, [&] { append_to_file(root_ + "/lines", large); }),
             "No space left");
  EXPECT_EQ(read_file(path, 100), "old");
  EXPECT_EQ(read_file(root_ + "/lines", 100), "one\n");
  EXPECT_EQ(files_in(root_), 2u);
  EXPECT_EQ(::umount(root_.c_str()), 0);
}

}  // namespace
}  // namespace ffwd::test
