// fetch_dataset against a web server of the test's own: whole, resumed, wrong, missing, truncated,
// stopped; a file has its final name only with the right content.

#include "host/data/data_fetch.h"

#include <gtest/gtest.h>

#include <optional>

#include "host/basics/folder_lock.h"
#include "host/data/load_dataset.h"
#include "tests/data_files.h"
#include "tests/http_server.h"

namespace ffwd::test {
namespace {

class FetchDataset : public ::testing::Test {
 protected:
  FetchDataset() {
    entry_.name = "tiny";
    entry_.files = {data_file("images", images_), data_file("labels", labels_)};
    entry_.mirrors = {server_.url()};
    server_.put("images.gz", {images_gz_});
    server_.put("labels.gz", {labels_gz_});
  }

  std::string fetch(const std::string& mirror = "", const OnFetchProgress& on_progress = {}) {
    return fetch_dataset(entry_, folder_.path(), mirror, on_progress);
  }

  // Names of the files in the data set's folder.
  std::vector<std::string> there() const {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(folder_ / "tiny")) {
      names.push_back(file.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }

  // "PATH RANGE, PATH RANGE, ..." since the last call.
  std::string requests() {
    std::string text;
    for (const auto& request : server_.take_requests()) {
      text += (text.empty() ? "" : ", ") + request.path;
      if (!request.range.empty()) text += " " + request.range;
    }
    return text;
  }

  void expect_complete() {
    EXPECT_TRUE(content_of(folder_ / "tiny/images.gz") == images_gz_);
    EXPECT_EQ(there(), (std::vector<std::string>{"images.gz", "labels.gz"}));
  }

  void expect_nothing_left() { EXPECT_FALSE(std::filesystem::exists(folder_ / "tiny")); }

  const std::string images_ = digits(1, 50000), labels_ = digits(2, 300);
  const std::string images_gz_ = gzip(images_), labels_gz_ = gzip(labels_);
  TemporaryFolder folder_;
  Environment no_proxy_{"no_proxy", "127.0.0.1"};
  HttpServer server_;
  CatalogEntry entry_;
};

TEST_F(FetchDataset, FetchesWhatIsMissing) {
  EXPECT_EQ(fetch(), folder_ / "tiny");
  expect_complete();
  EXPECT_EQ(requests(), "/images.gz, /labels.gz");
  fetch();
  EXPECT_EQ(requests(), "");  // both are there
  std::filesystem::remove(folder_ / "tiny/labels.gz");
  folder_.write("tiny/labels", labels_);
  fetch();
  EXPECT_EQ(requests(), "");  // plain is as good
}

TEST_F(FetchDataset, ReplacesADamagedFile) {
  folder_.write("tiny/images.gz", images_gz_.substr(0, 100));
  fetch();
  expect_complete();
}

TEST_F(FetchDataset, RefusesToHideBehindAnotherFile) {
  const std::string path = folder_.write("tiny/images", "something else");
  expect_contains(error_of(ExitCode::data, [&] { fetch(); }), {path, "not the published content"});
}

TEST_F(FetchDataset, ResumesAPartialDownload) {
  folder_.write("tiny/images.gz.part", images_gz_.substr(0, 777));
  fetch();
  expect_complete();
  EXPECT_EQ(requests(), "/images.gz bytes=777-, /labels.gz");
}

TEST_F(FetchDataset, ResumesAfterTheServerHangsUp) {
  server_.put("images.gz", {images_gz_, true, 1000});
  expect_contains(error_of(ExitCode::data, [&] { fetch(); }),
                  {"cannot fetch images.gz", server_.url() + "images.gz",
                   std::to_string(images_gz_.size() - 1000) + " bytes"});
  EXPECT_TRUE(content_of(folder_ / "tiny/images.gz.part") == images_gz_.substr(0, 1000));
  server_.put("images.gz", {images_gz_});
  requests();
  fetch();
  expect_complete();
  EXPECT_EQ(requests(), "/images.gz bytes=1000-, /labels.gz");
}

TEST_F(FetchDataset, StartsAnewIfTheServerKnowsNoRanges) {
  server_.put("images.gz", {images_gz_, /*knows_ranges=*/false});
  folder_.write("tiny/images.gz.part", images_gz_.substr(0, 777));
  fetch();
  expect_complete();
  EXPECT_EQ(requests(), "/images.gz bytes=777-, /labels.gz");
}

TEST_F(FetchDataset, FinishedPartOnlyNeedsItsName) {
  folder_.write("tiny/images.gz.part", images_gz_);
  fetch();
  expect_complete();
}

TEST_F(FetchDataset, StalePartIsFetchedAnew) {
  folder_.write("tiny/images.gz.part", std::string(500, 'x'));
  fetch();
  expect_complete();
  EXPECT_EQ(requests(), "/images.gz bytes=500-, /images.gz, /labels.gz");
}

TEST_F(FetchDataset, WrongContentIsNeverKept) {
  server_.put("images.gz", {gzip(digits(3, 50000))});
  expect_contains(
      error_of(ExitCode::data, [&] { fetch(); }),
      {server_.url() + "images.gz", "content has SHA-256", "expected " + entry_.files[0].sha256});
  expect_nothing_left();
}

TEST_F(FetchDataset, ErrorPageIsNeverKept) {
  server_.put("images.gz", {"<html>Please log in</html>"});
  expect_contains(error_of(ExitCode::data, [&] { fetch(); }), {"content has SHA-256"});
  expect_nothing_left();
}

TEST_F(FetchDataset, EndlessContentIsCutOff) {
  server_.put("images.gz", {std::string(2'000'000, 'x')});
  expect_contains(error_of(ExitCode::data, [&] { fetch(); }),
                  {"sends more than the expected 1098576 bytes"});
}

TEST_F(FetchDataset, BombIsNotUnpacked) {
  server_.put("images.gz", {gzip(std::string(20'000'000, 'x'))});
  expect_contains(error_of(ExitCode::data, [&] { fetch(); }), {"goes on after 50000 bytes"});
  expect_nothing_left();
}

TEST_F(FetchDataset, TriesTheNextMirror) {
  HttpServer empty;
  entry_.mirrors = {empty.url(), "http://127.0.0.1:1/", server_.url()};
  fetch();
  expect_complete();
}

TEST_F(FetchDataset, NamesEveryMirrorThatFailed) {
  entry_.mirrors = {server_.url() + "old/", server_.url() + "older/"};
  const std::string message = error_of(ExitCode::data, [&] { fetch(); });
  expect_contains(message, {"cannot fetch images.gz: ", server_.url() + "old/images.gz: ", "404",
                            "; " + server_.url() + "older/images.gz: "});
  EXPECT_EQ(message.find('\n'), std::string::npos);
  expect_nothing_left();
}

TEST_F(FetchDataset, MirrorOfTheCallerReplacesTheOthers) {
  entry_.mirrors = {"http://127.0.0.1:1/"};
  std::string mirror = server_.url();
  mirror.pop_back();  // also without '/' at the end
  fetch(mirror);
  expect_complete();
}

TEST_F(FetchDataset, FollowsRedirectsButNotToFiles) {
  server_.put("elsewhere", {images_gz_});
  server_.put("images.gz", {"", true, 0, server_.url() + "elsewhere"});
  fetch();
  expect_complete();
  std::filesystem::remove(folder_ / "tiny/images.gz");
  server_.put("images.gz", {"", true, 0, "file://" + folder_.write("secret", images_gz_)});
  expect_contains(error_of(ExitCode::data, [&] { fetch(); }), {"file"});
}

TEST_F(FetchDataset, ProgressCountsTheBytes) {
  folder_.write("tiny/images.gz.part", images_gz_.substr(0, 777));
  std::optional<FetchProgress> last;
  fetch("", [&](const FetchProgress& progress) {
    if (progress.file == "images.gz") last = progress;
    return true;
  });
  ASSERT_TRUE(last);
  EXPECT_EQ(last->done, images_gz_.size());
  EXPECT_EQ(last->total, images_gz_.size());
}

TEST_F(FetchDataset, StopsWhenTold) {
  error_of(ExitCode::interrupted, [&] { fetch("", [](const FetchProgress&) { return false; }); });
}

TEST_F(FetchDataset, OneAtATimeInAFolder) {
  const std::string folder = folder_ / entry_.name;
  std::filesystem::create_directories(folder);
  const FolderLock lock(folder);
  EXPECT_THROW(fetch_dataset(entry_, folder_.path()), FileError);
}

TEST_F(FetchDataset, FolderThatCannotBeMade) {
  const std::string file = folder_.write("file", "");
  EXPECT_THROW(fetch_dataset(entry_, file), FileError);
  EXPECT_THROW(fetch_dataset("mnits", folder_.path()), DataError);
}

class FetchTarball : public FetchDataset {
 protected:
  FetchTarball() {
    entry_.tarball = "tiny.tar.gz";
    server_.put("tiny.tar.gz", {tarball_});
  }
  void expect_unpacked() {
    EXPECT_EQ(there(), (std::vector<std::string>{"images", "labels"}));
    EXPECT_TRUE(content_of(folder_ / "tiny/images") == images_);
    EXPECT_TRUE(content_of(folder_ / "tiny/labels") == labels_);
  }
  const std::string tarball_ =
      tar_gz({{"tiny/README", "hello"}, {"tiny/images", images_}, {"tiny/labels", labels_}});
};

TEST_F(FetchTarball, UnpacksOnlyWhatIsExpected) {
  fetch();
  expect_unpacked();
  requests();
  fetch();
  EXPECT_EQ(requests(), "");
}

TEST_F(FetchTarball, Resumes) {
  folder_.write("tiny/tiny.tar.gz.part", tarball_.substr(0, 5000));
  fetch();
  expect_unpacked();
  EXPECT_EQ(requests(), "/tiny.tar.gz bytes=5000-");
}

TEST_F(FetchTarball, DamageIsNeverKept) {
  server_.put("tiny.tar.gz", {tarball_.substr(0, tarball_.size() / 2)});
  expect_contains(error_of(ExitCode::data, [&] { fetch(); }), {"tiny.tar.gz"});
  EXPECT_FALSE(std::filesystem::exists(folder_ / "tiny/tiny.tar.gz.part"));
}

}  // namespace
}  // namespace ffwd::test
