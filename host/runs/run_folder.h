// The folder that one training leaves behind: metrics.jsonl, recipe.toml, summary.json, report.html
// and its model; and its state, as long as it is not finished.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "host/basics/file_io.h"
#include "host/basics/folder_lock.h"
#include "host/runs/run_records.h"

namespace ffwd {

inline constexpr const char* kMetricsFile = "metrics.jsonl";
inline constexpr const char* kRecipeFile = "recipe.toml";
inline constexpr const char* kSummaryFile = "summary.json";
inline constexpr const char* kReportFile = "report.html";
inline constexpr const char* kModelFile = "model.safetensors";
inline constexpr const char* kStateFile = "state.safetensors";

class RunFolder {
 public:
  // Makes the folder and those above it. Throws FileError when it exists and is not empty, cannot be
  // written to, or another run is at work in it.
  static RunFolder create(const std::string& path);

  // A folder that a run has left. Throws FileError when there is none at `path`, or no summary.json
  // in it.
  static RunFolder open(const std::string& path);

  // Whether a run has ended there that was not stopped.
  static bool is_finished(const std::string& path);

  // One whose training can go on. Throws FileError when there is none at `path`, or no state in it,
  // when it is finished, cannot be written to, or a run is at work in it.
  static RunFolder reopen(const std::string& path);

  // Throws FileError if a finished run or what no run has left is there, as restart() does.
  static void check_can_restart(const std::string& path);
  // As create(), where the files of an unfinished run make way. Throws FileError, before anything is
  // removed, if a finished run or what no run has left is there.
  static RunFolder restart(const std::string& path);

  // Adds one line; whoever follows the file sees it at once.
  void append_metrics(const EpochMetrics& metrics) const;

  // Leaves the first lines, those of so many epochs. Throws FileError if they are fewer or damaged.
  void keep_metrics(int64_t epochs) const;

  // These replace the file as a whole or leave it as it was.
  void write_recipe(const std::string& text) const;
  void write_summary(const Summary& summary) const;
  void write_report(const std::string& html) const;

  // Removes a recipe and an empty metrics.jsonl, if nothing else is there, and the folders that
  // create() made.
  void remove_if_nothing_was_learnt() const;

  void remove_state() const;
  // Forces the lines of metrics to the disk.
  void sync_metrics() const { sync_file(metrics_path()); }

  // These throw FileError naming the file, the line where there is one, and what is wrong.
  std::vector<EpochMetrics> read_metrics() const;
  // Those that the summary sums up, up to its last step: a run that went on after its summary, and
  // was killed, may have left more, and half a line at the end. Those of a finished run must reach
  // it.
  std::vector<EpochMetrics> read_metrics_of(const Summary& summary) const;
  std::string read_recipe() const;
  Summary read_summary() const;

  const std::string& path() const { return path_; }
  std::string metrics_path() const { return path_ + "/" + kMetricsFile; }
  std::string recipe_path() const { return path_ + "/" + kRecipeFile; }
  std::string summary_path() const { return path_ + "/" + kSummaryFile; }
  std::string report_path() const { return path_ + "/" + kReportFile; }
  std::string model_path() const { return path_ + "/" + kModelFile; }
  std::string state_path() const { return path_ + "/" + kStateFile; }

 private:
  explicit RunFolder(std::string path) : path_(std::move(path)) {}
  // Throws FileError.
  void lock();
  std::vector<EpochMetrics> parse_metrics(const std::string& text) const;

  std::string path_;
  std::vector<std::string> made_;           // folders, by create(), the innermost first
  std::shared_ptr<const FolderLock> lock_;  // of a run at work
};

}  // namespace ffwd
