#include "host/runs/run_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "host/basics/errors.h"
#include "host/basics/file_io.h"
#include "host/recipe/recipe_text.h"

namespace ffwd {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunFiles[] = {kMetricsFile, kRecipeFile, kSummaryFile,
                                     kReportFile,  kModelFile,  kStateFile};
constexpr uint64_t kSummaryCap = 64 << 20;
constexpr uint64_t kMetricsCap = 1 << 30;

void expect_folder(const std::string& path) {
  std::error_code ignored;
  if (!path_exists(path) || !fs::is_directory(path, ignored)) {
    throw FileError("there is no run folder " + path);
  }
}

// A file that a run writes.
bool is_of_a_run(const std::string& name) {
  return std::find(std::begin(kRunFiles), std::end(kRunFiles), name) != std::end(kRunFiles);
}

// What write_file_atomically had of one when it was killed.
bool is_half_of_a_run(const std::string& name) {
  return std::any_of(std::begin(kRunFiles), std::end(kRunFiles),
                     [&](const char* file) { return is_half_written(name, file); });
}

// The files that an unfinished run has left at `path`; none if there is no folder. Throws FileError if
// a finished run or anything else is there.
std::vector<fs::path> left_unfinished(const std::string& path) {
  if (RunFolder::is_finished(path)) {
    throw FileError(path +
                    " holds a finished run, of another recipe, device or precision: name another"
                    " --out, or remove it if its run is not needed");
  }
  std::error_code error;
  fs::directory_iterator files(path, error);
  if (error && error != std::errc::no_such_file_or_directory) {
    throw FileError("cannot look into the run folder " + path + ": " + error.message());
  }
  std::vector<fs::path> found;
  for (const fs::directory_entry& file : files) {
    const std::string name = file.path().filename().string();
    if (!file.is_regular_file() || !(is_of_a_run(name) || is_half_of_a_run(name))) {
      throw FileError("the run folder " + path + " holds " + name +
                      ", which no run has left there: name another --out");
    }
    found.push_back(file.path());
  }
  return found;
}

// The folder and those above it that do not exist, the innermost first.
std::vector<std::string> missing_folders(const std::string& path) {
  std::vector<std::string> missing;
  std::error_code ignored;
  for (fs::path folder = path; !folder.empty() && !fs::exists(folder, ignored);
       folder = folder.parent_path()) {
    missing.push_back(folder.string());
  }
  return missing;
}

}  // namespace

RunFolder RunFolder::create(const std::string& path) {
  std::error_code error;
  const std::vector<std::string> missing = missing_folders(path);
  fs::create_directories(path, error);
  if (error) throw FileError("cannot make the run folder " + path + ": " + error.message());
  const bool empty = fs::is_empty(path, error);
  if (error) throw FileError("cannot look into the run folder " + path + ": " + error.message());
  if (!empty) {
    throw FileError("the run folder " + path +
                    " is not empty: name another one, or remove it if its run is not needed");
  }
  RunFolder folder(path);
  folder.made_ = missing;
  folder.lock();
  return folder;
}

RunFolder RunFolder::open(const std::string& path) {
  expect_folder(path);
  RunFolder folder(path);
  if (!path_exists(folder.summary_path())) {
    throw FileError(path + " is not the folder of a finished run: it has no " + kSummaryFile);
  }
  return folder;
}

bool RunFolder::is_finished(const std::string& path) {
  return path_exists(RunFolder(path).summary_path()) && !open(path).read_summary().interrupted;
}

RunFolder RunFolder::reopen(const std::string& path) {
  expect_folder(path);
  RunFolder folder(path);
  if (is_finished(path)) {
    std::error_code ignored;
    fs::remove(folder.state_path(), ignored);  // of a run that was killed in its last moment
    throw FileError("the training in " + path + " cannot go on: it is finished");
  }
  if (!path_exists(folder.state_path())) {
    throw FileError("the training in " + path + " cannot go on: it has left no " + kStateFile);
  }
  folder.lock();
  std::error_code error;
  for (fs::directory_iterator file(path, error), end; !error && file != end;
       file.increment(error)) {
    if (is_half_of_a_run(file->path().filename().string())) fs::remove(file->path(), error);
  }
  return folder;
}

void RunFolder::check_can_restart(const std::string& path) {
  left_unfinished(path);
}

RunFolder RunFolder::restart(const std::string& path) {
  if (!left_unfinished(path).empty()) {
    const FolderLock lock(path);
    std::error_code ignored;
    for (const fs::path& file : left_unfinished(path)) fs::remove(file, ignored);
  }
  return create(path);
}

void RunFolder::lock() {
  if (::access(path_.c_str(), R_OK | W_OK | X_OK) != 0) {
    const std::string reason = std::generic_category().message(errno);
    throw FileError("cannot write to the run folder " + path_ + ": " + reason);
  }
  lock_ = std::make_shared<const FolderLock>(path_);
}

void RunFolder::append_metrics(const EpochMetrics& metrics) const {
  append_to_file(metrics_path(), to_json(metrics) + "\n");
}

void RunFolder::keep_metrics(int64_t epochs) const {
  std::string kept;
  if (epochs > 0) {
    const std::string text = read_file(metrics_path(), kMetricsCap);
    size_t end = 0;
    for (int64_t line = 0; line < epochs; ++line) {
      end = text.find('\n', end);
      if (end == std::string::npos) {
        throw FileError(metrics_path() + ": has " + std::to_string(line) + " lines, expected " +
                        std::to_string(epochs) + " or more");
      }
      ++end;
    }
    kept = text.substr(0, end);
    parse_metrics(kept);  // throws now, not when all is learnt
  }
  write_file_atomically(metrics_path(), kept);
}

void RunFolder::write_recipe(const std::string& text) const {
  write_file_atomically(recipe_path(), text);
}

void RunFolder::write_summary(const Summary& summary) const {
  write_file_atomically(summary_path(), to_json(summary) + "\n");
}

void RunFolder::write_report(const std::string& html) const {
  write_file_atomically(report_path(), html);
}

void RunFolder::remove_state() const {
  std::error_code error;
  fs::remove(state_path(), error);
  if (error) throw FileError("cannot remove " + state_path() + ": " + error.message());
}

void RunFolder::remove_if_nothing_was_learnt() const {
  std::error_code failed;
  for (fs::directory_iterator file(path_, failed), end; !failed && file != end;
       file.increment(failed)) {
    const fs::path path = file->path();
    const bool empty_metrics = path == metrics_path() && file->file_size(failed) == 0;
    if (path != recipe_path() && !empty_metrics) return;
  }
  if (failed) return;
  fs::remove(recipe_path(), failed);
  fs::remove(metrics_path(), failed);
  for (const std::string& folder : made_) fs::remove(folder, failed);
}

std::vector<EpochMetrics> RunFolder::read_metrics() const {
  return parse_metrics(read_file(metrics_path(), kMetricsCap));
}

std::vector<EpochMetrics> RunFolder::read_metrics_of(const Summary& summary) const {
  const std::string text = read_file(metrics_path(), kMetricsCap);
  auto metrics = parse_metrics(text.substr(0, text.rfind('\n') + 1));  // npos + 1 is 0
  const auto later = [&](const EpochMetrics& epoch) { return epoch.step > summary.steps; };
  metrics.erase(std::find_if(metrics.begin(), metrics.end(), later), metrics.end());
  if (!summary.interrupted && (metrics.empty() || metrics.back().step != summary.steps)) {
    throw FileError(metrics_path() + ": does not end with step " + std::to_string(summary.steps) +
                    ", as " + kSummaryFile + " says");
  }
  return metrics;
}

std::vector<EpochMetrics> RunFolder::parse_metrics(const std::string& text) const {
  std::vector<EpochMetrics> metrics;
  for (size_t begin = 0; begin < text.size();) {
    const std::string origin = metrics_path() + " line " + std::to_string(metrics.size() + 1);
    const size_t end = text.find('\n', begin);
    if (end == std::string::npos) throw FileError(origin + ": damaged, it ends within the line");
    metrics.push_back(parse_epoch_metrics(text.substr(begin, end - begin), origin));
    begin = end + 1;
  }
  return metrics;
}

std::string RunFolder::read_recipe() const {
  return read_file(recipe_path(), kLargestRecipe);
}

Summary RunFolder::read_summary() const {
  return parse_summary(read_file(summary_path(), kSummaryCap), summary_path());
}

}  // namespace ffwd
