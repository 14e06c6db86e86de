// `ffwd bench` and `ffwd bench compare` as users meet them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/program.h"

namespace ffwd::test {
namespace {

using nlohmann::json;

class ProgramBench : public ::testing::Test {
 protected:
  // A report with these samples of a step.
  std::string write_report(const std::string& name, const std::vector<double>& step,
                           int threads = 1, const std::string& network = "784-20, 10 pairs") {
    const json report = {{"commit", "abc"},
                         {"threads", threads},
                         {"device", "CPU"},
                         {"precision", "fp32"},
                         {"cases", {{{"name", network}, {"seconds", {{"step", step}}}}}}};
    return folder_.write(name, report.dump());
  }
  std::string write_report(const std::string& name) { return write_report(name, {1, 2, 3, 4}); }

  Outcome compare(const std::string& a, const std::string& b) {
    return run("bench compare " + a + " " + b);
  }
  void expect_refused(const Outcome& outcome, ExitCode code,
                      const std::vector<std::string>& parts) {
    EXPECT_EQ(outcome.code, int(code)) << outcome.text;
    expect_contains(outcome.text, parts);
    EXPECT_EQ(std::count(outcome.text.begin(), outcome.text.end(), '\n'), 1) << outcome.text;
  }

  TemporaryFolder folder_;
};

TEST_F(ProgramBench, TimesAStepAndItsParts) {
  const std::string file = folder_ / "step.json";
  const Outcome outcome =
      run("bench --device cpu --widths 20,24 --pairs 10 --rounds 2 --json " + file);
  ASSERT_EQ(outcome.code, 0) << outcome.text;
  expect_contains(outcome.text, {"784-20-24, 10 pairs", "its matmuls", "the floor",
                                 "launches a step", "MB of memory", "unfused is"});
  const json report = json::parse(content_of(file));
  for (const char* key : {"commit", "device", "precision", "threads", "processor", "cpu_library"}) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
  ASSERT_EQ(report.at("cases").size(), 1u);
  const json& one = report.at("cases")[0];
  std::vector<std::string> timed;
  for (const auto& [name, seconds] : one.at("seconds").items()) {
    timed.push_back(name);
    ASSERT_EQ(seconds.size(), 2u) << name;
    EXPECT_GT(seconds[0].get<double>(), 0) << name;
  }
  EXPECT_EQ(timed, (std::vector<std::string>{"copy", "draw labels", "forward", "gather", "goodness",
                                             "gradient", "matmul", "matmuls", "shared product",
                                             "show labels", "step", "unfused", "update"}));
  EXPECT_EQ(one.at("launches"), 12);
  EXPECT_GT(one.at("floor_seconds"), 0);
  EXPECT_EQ(one.at("memory_yardstick_bytes"),
            4 * 3 * (20 * 785 + 24 * 21) + 4 * 2 * 20 * (20 + 24) + 10 * 784);

  const Outcome same = compare(file, file);
  ASSERT_EQ(same.code, 0) << same.text;
  expect_contains(same.text, {"both of commit ", " on the same device", "784-20-24, 10 pairs",
                              "unfused", "50 %  too few samples"});
}

TEST_F(ProgramBench, SaysWhichIsFaster) {
  const auto three_of_each = [](std::vector<double> samples) {
    const std::vector<double> once = samples;
    for (int n = 0; n < 2; ++n) samples.insert(samples.end(), once.begin(), once.end());
    return samples;
  };
  const std::string a = write_report("a.json", three_of_each({2, 2.1, 2.2, 2.3, 2.4})),
                    b = write_report("b.json", three_of_each({4, 4.2, 4.4, 4.6, 4.8}),
                                     /*threads=*/3);
  const Outcome slower = compare(a, b);
  ASSERT_EQ(slower.code, 0) << slower.text;
  expect_contains(slower.text, {"different threads: A 1, B 3", "0.50        0 %  slower"});
  expect_contains(compare(b, a).text, {"2.00      100 %  faster"});
  EXPECT_EQ(slower.text.find("different device"), std::string::npos);
  json report = json::parse(content_of(b));
  report["matmul_algorithms"] = "measured";
  const std::string measured = folder_.write("measured.json", report.dump());
  const std::string difference = "different matmul_algorithms: A ";
  expect_contains(compare(b, measured).text, {difference + "null, B \"measured\""});
  expect_contains(compare(measured, b).text, {difference + "\"measured\", B null"});
  const std::string near = write_report("near.json", three_of_each({2, 2.05, 2.15, 2.3, 2.4}));
  expect_contains(compare(a, near).text, {"54 %  no difference"});
  EXPECT_EQ(slower.text.find("only in"), std::string::npos);
}

TEST_F(ProgramBench, NamesWhatOnlyOneHasTimed) {
  const std::string a = write_report("a.json");
  json report = json::parse(content_of(a));
  report["cases"][0]["seconds"]["graph"] = {1, 2};
  report["cases"].push_back({{"name", "784-9, 8 pairs"}, {"seconds", {{"step", {1}}}}});
  const std::string more = folder_.write("more.json", report.dump());
  expect_contains(compare(a, more).text,
                  {"only in B, 784-20, 10 pairs: graph\n", "only in B, 784-9, 8 pairs: step\n"});
  expect_contains(compare(more, a).text,
                  {"only in A, 784-20, 10 pairs: graph\n", "only in A, 784-9, 8 pairs: step\n"});
}

TEST_F(ProgramBench, RefusesWhatCannotBeCompared) {
  const std::string good = write_report("good.json");
  expect_refused(compare(good, write_report("other.json", {1}, 1, "784-30, 10 pairs")),
                 ExitCode::files, {"good.json", "other.json", "nothing in common"});
  for (const std::string text :
       {"", "{", "[]", "{\"cases\": 1}", "{\"cases\": [{}]}", "null", "{\"benchmarks\": []}"}) {
    expect_refused(compare(good, folder_.write("bad.json", text)), ExitCode::files,
                   {"bad.json is no report of ffwd bench --json"});
  }
  expect_refused(compare(write_report("none.json", {}), good), ExitCode::files,
                 {"none.json is no"});
  const std::string copies = folder_.write(
      "copies.json",
      R"({"cases": [{"name": "784-20, 10 pairs", "seconds": {"copy": [1, 2, 3, 4, 5]}}]})");
  expect_refused(compare(good, copies), ExitCode::files, {"copies.json", "nothing in common"});
  expect_refused(compare(write_report("zero.json", {0}), good), ExitCode::files,
                 {"zero.json is no"});
  const std::string deep = "{\"z\": " + std::string(200000, '[') + std::string(200000, ']') + "}";
  expect_refused(compare(good, folder_.write("deep.json", deep)), ExitCode::files,
                 {"deep.json is no report"});
  expect_refused(run("bench --json new.json compare " + good + " " + good), ExitCode::usage,
                 {"compare excludes --json"});
  expect_refused(compare(good, folder_ / "missing.json"), ExitCode::files, {"missing.json"});
}

TEST_F(ProgramBench, RefusesWhatItCannotTime) {
  expect_refused(run("bench --device cpu --precision tf32"), ExitCode::device, {"tf32", "GPU"});
  expect_refused(run("bench --device cpu --pairs 10"), ExitCode::usage, {"--pairs", "--widths"});
  expect_refused(run("bench --device cpu --widths 0"), ExitCode::usage, {"--widths"});
  expect_refused(run("bench --device cpu --json /no/such/folder/a.json"), ExitCode::files,
                 {"/no/such/folder"});
}

}  // namespace
}  // namespace ffwd::test
