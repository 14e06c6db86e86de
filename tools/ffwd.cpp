// ffwd: trains networks with the Forward-Forward algorithm. Its command line is declared here,
// but for the options that programs share (host/training/device_options.h).
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <limits>

#include "engine/matmul_algorithms.h"
#include "host/basics/build.h"
#include "host/basics/errors.h"
#include "host/basics/nearest_name.h"
#include "host/recipe/recipe.h"
#include "host/recipe/recipe_fields.h"
#include "host/recipe/recipe_kinds.h"
#include "tools/commands.h"

namespace ffwd {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 internal error, 2 command line, 3 recipe, 4 data, 5 files,\n"
    "6 not a finite number, 7 out of memory, 8 device, 75 stopped by a signal (what was learnt is "
    "saved).";

constexpr const char* kBenchTimes =
    "Threshold objective, Adam, every layer learning at each step, random images. What takes "
    "turns:\n"
    "  step      the whole step, one task after another\n"
    "  graph     the same as one CUDA graph (on a GPU)\n"
    "  matmuls   its tasks with matmuls alone, on the same buffers\n"
    "  gather .. each kind of task alone, as ffwd plan lists them\n"
    "  unfused   the step as a framework runs it, operation by operation (not in bf16)\n"
    "  copy      of a large piece of memory\n"
    "  matmul    a large one\n"
    "The floor is what the step takes if each task goes as fast as the copy and the matmul allow;\n"
    "what stays in caches can be below it. Times are of one step, medians; the spread is the\n"
    "distance of the quartiles over the median.\n";

// Everything that the command line can say.
struct CommandLine {
  TrainCommand train;
  ResumeCommand resume;
  ReproduceCommand reproduce;
  PlanCommand plan;
  EvalCommand eval;
  PredictCommand predict;
  ReportCommand report;
  FetchCommand fetch;
  BenchCommand bench;
  std::string bench_a, bench_b;
  std::string list_dir, doctor_dir;
};

void add_data_dir(CLI::App& command, std::string& target) {
  command.add_option("--data-dir", target, "where to look for data sets first");
}

// What is wrong with it, or nothing: AsSizeValue takes -5 for a very large number, and 0 would mean
// no limit.
std::string begins_above_zero(std::string& text) {
  const bool wrong = text.find_first_of("-+0") == 0;
  return wrong ? "expected a number of bytes, such as 500MB, found " + text : "";
}

// CLI11's checks of numbers take NaN.
std::string a_number(const Number& kind, const std::string& text) {
  float value = 0;
  return kind.read(text, value) ? "" : "expected " + kind.expected() + ", found " + text;
}

std::string a_rate(std::string& text) {
  return a_number({0.0f, 1e9f, Bounds::without_low}, text);
}

std::string a_time(std::string& text) {
  return a_number({0.0f, 1e9f}, text);
}

std::string a_seed(std::string& text) {
  constexpr Integer<uint64_t> kind{0, std::numeric_limits<uint64_t>::max()};
  uint64_t seed = 0;
  return kind.read(text, seed) ? "" : "expected " + kind.expected() + ", found " + text;
}

void add_recipe(CLI::App& command, std::string& recipe, std::vector<std::string>& set) {
  command.add_option("recipe", recipe, "the recipe's file")->required();
  command
      .add_option("--set", set,
                  "section.key=value: replaces a value of the recipe; may be repeated")
      ->allow_extra_args(false);
}

void add_schedule(CLI::App& command, std::string& schedule) {
  command
      .add_option("--schedule", schedule,
                  "greedy, simultaneous or pipelined; the recipe's own if absent")
      ->check(CLI::IsMember(choices_of("training.schedule")));
}

void add_save_every(CLI::App& command, double& seconds) {
  command
      .add_option(
          "--save-every", seconds,
          "seconds between saves of what ffwd resume goes on from, should the run be killed")
      ->check(CLI::Validator(a_time, ""))
      ->capture_default_str();
}

void declare_train(CLI::App& app, TrainCommand& line) {
  CLI::App* command = app.add_subcommand("train", "Train the network of a recipe");
  add_recipe(*command, line.recipe, line.set);
  add_device_options(*command, line.device);
  command
      ->add_option("--seed", line.seed, "seed of every random number; the recipe's own if absent")
      ->check(CLI::Validator(a_seed, ""));
  command->add_option("--out", line.out, "run folder to create; runs/<recipe>-<time> if absent");
  add_schedule(*command, line.schedule);
  command
      ->add_option("--executor", line.executor,
                   "one task after another (serial), a thread or a stream a lane (lanes), the"
                   " schedule as a CUDA graph (graph); auto: lanes if pipelined, else serial")
      ->check(CLI::IsMember({"auto", "serial", "lanes", "graph"}))
      ->capture_default_str();
  command->add_option("--trace", line.trace,
                      "writes what ran when on which lane at the beginning, for ui.perfetto.dev");
  command->add_option("--profile-steps", line.profile_steps,
                      "FIRST:END, the steps that a waiting profiler is started for");
  add_save_every(*command, line.save_every);
  add_data_dir(*command, line.data_dir);
  command->footer([] { return "Keys of a recipe, with their defaults:\n\n" + recipe_reference(); });
  command->callback([&line] { train(line); });
}

void declare_resume(CLI::App& app, ResumeCommand& line) {
  CLI::App* command = app.add_subcommand("resume", "Go on with a training that was stopped");
  command->add_option("run", line.run, "its run folder")->required();
  command->add_option("--device", line.device, "cpu or cuda; where it was if absent")
      ->check(CLI::IsMember({"cpu", "cuda"}));
  add_algorithms_option(*command, line.matmul_algorithms);
  add_save_every(*command, line.save_every);
  add_data_dir(*command, line.data_dir);
  command->footer([] {
    return std::string(
        "Precision and executor are those it had. On the same device, with as many threads, it"
        " learns\nthe same bits as if it had not been stopped.\n");
  });
  command->callback([&line] { resume(line); });
}

void declare_plan(CLI::App& app, PlanCommand& line) {
  CLI::App* command = app.add_subcommand("plan", "Show what a training does when and where");
  add_recipe(*command, line.recipe, line.set);
  add_schedule(*command, line.schedule);
  command
      ->add_option("--steps", line.steps,
                   "how many steps to show; one where a later step does other work than the first")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command
      ->add_option("--depth", line.depth,
                   "batches in flight when pipelined; as many as can help if absent")
      ->check(CLI::Range(1, 1000));
  command
      ->add_option("--memory-limit", line.memory_limit,
                   "bytes that all buffers may take, e.g. 500MB; lowers the depth until they fit")
      ->transform(CLI::AsSizeValue(true))
      ->transform(CLI::Validator(begins_above_zero, ""));  // the last transform comes first
  add_precision_option(*command, line.precision);
  command
      ->add_option("--rates", line.rates,
                   "what the device does at most: TFLOP/s, GB/s and microseconds a launch")
      ->expected(3)
      ->check(CLI::Validator(a_rate, ""));
  add_data_dir(*command, line.data_dir);
  command->callback([&line] { plan(line); });
}

void declare_reproduce(CLI::App& app, ReproduceCommand& line) {
  CLI::App* command = app.add_subcommand("reproduce", "Run a document's experiments and compare");
  command->add_option("document", line.document, "a folder of tools/recipes")->required();
  command->add_flag("--quick", line.quick,
                    "a reduced form: fewer images and steps, narrower layers");
  command->add_option("--only", line.only, "only this row; may be repeated")
      ->allow_extra_args(false);
  command
      ->add_option("--set", line.set,
                   "section.key=value: replaces a value of every row; may be repeated")
      ->allow_extra_args(false);
  command->add_option("--out", line.out,
                      "where results and run folders go; runs/<document> if absent,"
                      " runs/<document>-quick with --quick");
  add_device_options(*command, line.device);
  add_data_dir(*command, line.data_dir);
  command->callback([&line] { reproduce(line); });
}

void declare_bench(CLI::App& app, CommandLine& line) {
  CLI::App* bench = app.add_subcommand("bench", "Time a training step and what it is made of");
  bench->require_subcommand(0, 1);
  add_device_options(*bench, line.bench.device);
  CLI::Option* widths =
      bench
          ->add_option("--widths", line.bench.widths,
                       "of a network's layers, such as 2000,2000; if absent, 500,500,500 with 100"
                       " pairs and 2000,2000,2000,2000 with 512, and with 8192 and 50000 on a GPU")
          ->delimiter(',')
          ->check(CLI::Range(1, 100000));
  bench
      ->add_option("--pairs", line.bench.pairs,
                   "images of a batch, each a positive and a negative row")
      ->check(CLI::Range(1, 1000000))
      ->needs(widths)
      ->capture_default_str();
  bench->add_option("--rounds", line.bench.rounds, "samples of each time")
      ->check(CLI::Range(1, 10000))
      ->capture_default_str();
  bench->add_option("--json", line.bench.json, "writes every sample there");
  bench->footer([] { return std::string(kBenchTimes); });
  bench->callback([bench, &line] {
    if (bench->get_subcommands().empty()) bench_steps(line.bench);
  });
  CLI::App* compare = bench->add_subcommand("compare", "Show how two files of bench --json differ");
  compare->add_option("a", line.bench_a, "the file to compare with")->required();
  compare->add_option("b", line.bench_b, "the file that may be faster or slower")->required();
  compare->callback([&line] { compare_benches(line.bench_a, line.bench_b); });
}

void declare_data(CLI::App& app, CommandLine& line) {
  CLI::App* data = app.add_subcommand("data", "List data sets or fetch one");
  data->require_subcommand(1);
  CLI::App* command = data->add_subcommand("list", "Show which data sets are here");
  add_data_dir(*command, line.list_dir);
  command->callback([&line] { list_data(line.list_dir); });
  command = data->add_subcommand("fetch", "Download a data set and check its SHA-256");
  command->add_option("name", line.fetch.name, "mnist, fashion-mnist or cifar10")->required();
  command->add_option("--data-dir", line.fetch.data_dir,
                      "where to put it; the user's cache if absent");
  command->add_option("--mirror", line.fetch.mirror,
                      "URL of a folder to fetch from instead of the official ones");
  command->callback([&line] { fetch_data(line.fetch); });
}

void declare(CLI::App& app, CommandLine& line) {
  app.set_version_flag("--version", "ffwd " + build_version() + " (" + build_commit() + ")");
  app.require_subcommand(1);
  app.footer(kExitCodes);  // a command's own footer is a function: it stands before this one

  declare_train(app, line.train);
  declare_resume(app, line.resume);
  declare_plan(app, line.plan);
  declare_reproduce(app, line.reproduce);

  CLI::App* command =
      app.add_subcommand("eval", "Measure a model's accuracy on all test images of a data set");
  command->add_option("model", line.eval.model, "a run folder or a model file")->required();
  command->add_option("--data", line.eval.data,
                      "the data set; the one it was trained on if absent");
  add_data_dir(*command, line.eval.data_dir);
  add_device_options(*command, line.eval.device);
  command->callback([&line] { eval(line.eval); });

  command = app.add_subcommand("predict", "Classify PNG images");
  command->add_option("model", line.predict.model, "a run folder or a model file")->required();
  command
      ->add_option("images", line.predict.images,
                   "PNG files of the size that the model was trained on")
      ->required();
  add_device_options(*command, line.predict.device);
  command->callback([&line] { predict(line.predict); });

  command = app.add_subcommand("report", "Write a run's report.html again");
  command->add_option("run", line.report.run, "a run folder")->required();
  add_data_dir(*command, line.report.data_dir);
  command->callback([&line] { report(line.report); });

  declare_data(app, line);
  declare_bench(app, line);

  command = app.add_subcommand("doctor", "Show back ends, devices, libraries and data sets");
  add_data_dir(*command, line.doctor_dir);
  command->callback([&line] { doctor(line.doctor_dir); });
}

// The word that stands where a command was expected, if that is what is wrong.
std::string unknown_command(const CLI::App* app) {
  while (!app->get_subcommands().empty()) app = app->get_subcommands().front();
  const std::vector<std::string> words = app->remaining();
  if (app->get_require_subcommand_min() == 0 || words.empty() || words[0][0] == '-') return "";
  std::vector<std::string> names;
  for (const CLI::App* command : app->get_subcommands({})) names.push_back(command->get_name());
  return "there is no command " + words[0] + did_you_mean(words[0], names);
}

// Whether what was printed could not be written. A reader at a pipe's end may leave when it likes.
bool output_is_lost() {
  if (std::fflush(stdout) == 0 && !std::ferror(stdout)) return false;
  struct stat output;
  return ::fstat(STDOUT_FILENO, &output) != 0 || !S_ISFIFO(output.st_mode);
}

int complain(ExitCode code, const std::string& what) {
  std::fprintf(stderr, "ffwd: %s\n", what.c_str());
  return int(code);
}

int run(int argc, char** argv) {
  CLI::App app(
      "Trains neural networks with the Forward-Forward algorithm, on NVIDIA GPUs and on the CPU.",
      "ffwd");
  CommandLine line;
  declare(app, line);
  try {
    try {
      app.parse(argc, argv);
    } catch (const CLI::Success& request) {  // --help, --version
      app.exit(request);
    }
    if (output_is_lost()) {
      return complain(ExitCode::files, "cannot write to the standard output");
    }
    return int(ExitCode::ok);
  } catch (const CLI::ParseError& error) {
    const std::string unknown = unknown_command(&app);
    return complain(ExitCode::usage,
                    (unknown.empty() ? error.what() : unknown) + " (see ffwd --help)");
  } catch (const UserError& error) {
    return complain(error.code, error.what());
  } catch (const RefusedAlgorithm& error) {
    return complain(ExitCode::files, error.what());
  } catch (const OutOfMemory& error) {
    return complain(ExitCode::memory, error.what());
  } catch (const std::bad_alloc&) {
    return complain(ExitCode::memory, "the host is out of memory");
  } catch (const std::exception& error) {
    return complain(ExitCode::internal, std::string("internal error: ") + error.what());
  }
}

}  // namespace
}  // namespace ffwd

int main(int argc, char** argv) {
  std::signal(SIGXFSZ, SIG_IGN);  // a file beyond its limit is an error of write() then
  return ffwd::run(argc, argv);
}
