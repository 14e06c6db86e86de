// ffwd: trains networks with the Forward-Forward algorithm. Every command has a file of its own.
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>

#include "engine/device/matmul_algorithms.h"
#include "host/basics/build.h"
#include "host/basics/errors.h"
#include "host/basics/nearest_name.h"
#include "tools/commands.h"

namespace ffwd {
namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 internal error, 2 command line, 3 recipe, 4 data, 5 files,\n"
    "6 not a finite number, 7 out of memory, 8 device, 75 stopped by a signal (what was learnt is "
    "saved).";

// In the order in which --help lists them.
void declare(CLI::App& app) {
  app.set_version_flag("--version", "ffwd " + build_version() + " (" + build_commit() + ")");
  app.require_subcommand(1);
  app.footer(kExitCodes);  // a command's own footer is a function: it stands before this one
  declare_train(app);
  declare_resume(app);
  declare_plan(app);
  declare_reproduce(app);
  declare_eval(app);
  declare_predict(app);
  declare_report(app);
  declare_data(app);
  declare_bench(app);
  declare_doctor(app);
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
  declare(app);
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
