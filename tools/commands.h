// The commands of `ffwd`: each takes what its part of the command line said. They print what they
// find and throw UserError for what users can mend.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/training/device_options.h"
#include "host/training/training_run.h"

namespace ffwd {

// Trains the network of a recipe and leaves a run folder behind.
struct TrainCommand {
  std::string recipe;
  DeviceOptions device;
  std::string schedule;             // greedy, simultaneous, pipelined; empty: the recipe's
  std::string executor = "auto";    // serial, lanes, graph
  std::string trace;                // file; empty: none
  std::string profile_steps;        // FIRST:END; empty: none
  std::optional<std::string> seed;  // as training.seed
  std::vector<std::string> set;     // section.key=value
  std::string out;                  // empty: runs/<recipe>-<time>
  double save_every = kSaveSeconds;
  std::string data_dir;
};
void train(const TrainCommand& command);

// Goes on with a training that was stopped.
struct ResumeCommand {
  std::string run;     // its folder
  std::string device;  // empty: where it was
  std::string matmul_algorithms;
  double save_every = kSaveSeconds;
  std::string data_dir;
};
void resume(const ResumeCommand& command);

// Shows what a training does when and where, and what a model says that it takes.
struct PlanCommand {
  std::string recipe;
  std::vector<std::string> set;
  std::string schedule;  // greedy, simultaneous, pipelined; empty: the recipe's
  Precision precision = Precision::fp32;
  int64_t steps = 3, depth = 0, memory_limit = 0;  // host/plan/plan.h
  std::vector<double> rates;                       // TFLOP/s, GB/s, microseconds a launch; or empty
  std::string data_dir;
};
void plan(const PlanCommand& command);

// Runs all recipes of a document and compares with what it states. Goes on where it was stopped.
struct ReproduceCommand {
  std::string document;  // a folder of tools/recipes
  bool quick = false;
  std::vector<std::string> only, set;  // names of rows; section.key=value for every row
  std::string out;                     // empty: runs/<document>, with -quick if so
  DeviceOptions device;
  std::string data_dir;
};
void reproduce(const ReproduceCommand& command);

// Measures a model's accuracy on test images.
struct EvalCommand {
  std::string model;  // a run folder or a model file
  std::string data;   // empty: the data set it was trained on
  std::string data_dir;
  DeviceOptions device;
};
void eval(const EvalCommand& command);

// Classifies PNG images.
struct PredictCommand {
  std::string model;
  std::vector<std::string> images;
  DeviceOptions device;
};
void predict(const PredictCommand& command);

// Writes a run's report.html again.
struct ReportCommand {
  std::string run, data_dir;
};
void report(const ReportCommand& command);

// Times a training step of fully connected networks, and what it is made of.
struct BenchCommand {
  DeviceOptions device;
  std::vector<int64_t> widths;  // of the layers; empty: a few networks
  int64_t pairs = 512;          // of images; with widths
  int rounds = 21;
  std::string json;  // file; empty: none
};
void bench_steps(const BenchCommand& command);
void compare_benches(const std::string& file_a, const std::string& file_b);

// Shows which data sets are here; fetches one.
void list_data(const std::string& data_dir);
struct FetchCommand {
  std::string name, data_dir, mirror;
};
void fetch_data(const FetchCommand& command);

// Shows back ends, devices, libraries and data sets.
void doctor(const std::string& data_dir);

// model.safetensors in a run folder, or the path itself if it is a file.
std::string model_path(const std::string& run_or_model);

}  // namespace ffwd
