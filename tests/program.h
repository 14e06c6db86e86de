// The program under test: how to run it, and small data sets for it under the names that it knows.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "host/basics/errors.h"
#include "tests/data_files.h"
#include "tests/toy_data.h"

#ifndef FFWD_PROGRAM  // the path that tests/CMakeLists.txt knows
#define FFWD_PROGRAM "ffwd"
#endif

namespace ffwd::test {

struct Outcome {
  int code;
  std::string text;  // standard output and error
};

// In `folder`, without the data sets that this machine may hold.
inline Outcome run(const std::string& arguments, const std::string& folder = ".") {
  // A script's & leaves Ctrl-C ignored, which a shell cannot undo.
  std::signal(SIGINT, SIG_DFL);
  const std::string command = "cd " + folder +
                              " && env -u FFWD_DATA_DIR -u XDG_CACHE_HOME HOME=/nonexistent " +
                              std::string(FFWD_PROGRAM) + " " + arguments + " 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  std::string text;
  char part[4096];
  while (const size_t count = fread(part, 1, sizeof part, pipe)) text.append(part, count);
  const int status = pclose(pipe);
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text};
}

// IDX text of images: pixels, or labels.
inline std::string idx_of(const Images& images, bool labels) {
  std::string text = labels ? idx_header({uint32_t(images.count)})
                            : idx_header({uint32_t(images.count), uint32_t(images.shape.height),
                                          uint32_t(images.shape.width)});
  if (labels) {
    for (const int32_t label : images.labels) text += char(label);
  } else {
    text.append(images.pixels.begin(), images.pixels.end());
  }
  return text;
}

class Program : public ::testing::Test {
 protected:
  Program() {
    // A small data set under MNIST's names: 28 x 28, ten classes.
    write_set("train", toy_images(300, 28, 10, 2));
    write_set("t10k", toy_images(60, 28, 10, 3));
    recipe_ =
        folder_.write("toy.toml",
                      "title = \"toy\"\n[data]\nname = \"mnist\"\n[network]\nlayers = [40, 30]\n"
                      "[negatives]\nlabels = \"head\"\n[training]\nepochs = 2\nbatch = 50\n");
  }

  void write_set(const std::string& prefix, const Images& images) {
    folder_.write("data/mnist/" + prefix + "-images-idx3-ubyte", idx_of(images, false));
    folder_.write("data/mnist/" + prefix + "-labels-idx1-ubyte", idx_of(images, true));
  }

  // A set under CIFAR-10's name: twenty images over and over, for its files have a length of their
  // own.
  void write_cifar10() {
    const Images grey = toy_images(20, 32, 10, 4);
    std::string twenty, whole;
    for (size_t i = 0; i < 20; ++i) {
      twenty += char(grey.labels[i]);
      for (int plane = 0; plane < 3; ++plane) {
        twenty.append(grey.pixels.begin() + int64_t(i * 1024),
                      grey.pixels.begin() + int64_t((i + 1) * 1024));
      }
    }
    for (int copy = 0; copy < 500; ++copy) whole += twenty;
    const std::string first = folder_.write("data/cifar10/data_batch_1.bin", whole);
    for (const std::string file :
         {"data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"}) {
      std::filesystem::create_hard_link(first, folder_ / ("data/cifar10/" + file + ".bin"));
    }
  }

  std::string train_arguments(const std::string& more = "") const {
    return "train " + recipe_ + " --device cpu --data-dir " + folder_ / "data" + " --out " +
           folder_ / "run" + " " + more;
  }

  // One sentence, the documented exit code, and no run folder left behind.
  void expect_error(const Outcome& outcome, ExitCode code, const std::vector<std::string>& parts) {
    EXPECT_EQ(outcome.code, int(code)) << outcome.text;
    expect_contains(outcome.text, parts);
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
    EXPECT_FALSE(std::filesystem::exists(folder_ / "run"));
  }

  // Until a run has written some lines.
  static void wait_for_metrics(const std::string& path) {
    constexpr std::chrono::milliseconds kPause(5), kPatience(60000);
    for (auto waited = kPause; waited < kPatience; waited += kPause) {
      std::error_code not_yet;
      const auto size = std::filesystem::file_size(path, not_yet);
      if (!not_yet && size >= 1000) return;
      std::this_thread::sleep_for(kPause);
    }
    ADD_FAILURE() << "no metrics in " << path;
  }

  TemporaryFolder folder_;
  std::string recipe_;
};

}  // namespace ffwd::test
