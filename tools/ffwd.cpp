// ffwd: trains networks with the Forward-Forward algorithm.
#include <cstdio>
#include <filesystem>

#include "host/errors.h"
#include "tools/commands.h"

namespace ffwd {

void add_device_options(CLI::App& command, DeviceOptions& options) {
  command.add_option("--device", options.device, "where to compute: auto, cpu or cuda")
      ->check(CLI::IsMember({"auto", "cpu", "cuda"}))
      ->capture_default_str();
  command.add_option("--precision", options.precision, "fp32 (any device), tf32 or bf16 (cuda)")
      ->check(CLI::IsMember({"fp32", "tf32", "bf16"}))
      ->capture_default_str();
}

std::unique_ptr<Device> open_device(const DeviceOptions& options) {
  const Precision precision = options.precision == "bf16"   ? Precision::bf16
                              : options.precision == "tf32" ? Precision::tf32
                                                            : Precision::fp32;
  const std::string problem = options.device == "cpu" ? "" : cuda_status().problem;
  if (options.device == "cuda" && !problem.empty()) {
    throw UserError(ExitCode::device, "--device cuda: no usable GPU: " + problem);
  }
  if (options.device == "cuda" || (options.device == "auto" && problem.empty())) {
    return make_cuda_device(precision);
  }
  if (precision != Precision::fp32) {
    throw UserError(ExitCode::device, "--precision " + options.precision +
                                          " needs a GPU; the CPU back end computes in fp32");
  }
  return make_cpu_device();
}

std::string model_path(const std::string& run_or_model) {
  if (std::filesystem::is_directory(run_or_model)) return run_or_model + "/model.safetensors";
  return run_or_model;
}

namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 internal error, 2 command line, 3 recipe, 4 data, 5 files,\n"
    "6 not a finite number, 7 out of memory, 8 device, 75 stopped by a signal (what was learnt is saved).";

int complain(ExitCode code, const std::string& what) {
  std::fprintf(stderr, "ffwd: %s\n", what.c_str());
  return int(code);
}

int run(int argc, char** argv) {
  CLI::App app("Trains neural networks with the Forward-Forward algorithm, on NVIDIA GPUs and on the CPU.", "ffwd");
  app.set_version_flag("--version", "ffwd " FFWD_VERSION " (" FFWD_COMMIT ")");
  app.require_subcommand(1);
  app.footer(kExitCodes);
  add_train(app);
  add_eval(app);
  add_predict(app);
  add_report(app);
  add_data(app);
  add_doctor(app);
  try {
    app.parse(argc, argv);
    return int(ExitCode::ok);
  } catch (const CLI::Success& request) {  // --help, --version
    return app.exit(request);
  } catch (const CLI::ParseError& error) {
    return complain(ExitCode::usage, std::string(error.what()) + " (see ffwd --help)");
  } catch (const UserError& error) {
    return complain(error.code, error.what());
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
  return ffwd::run(argc, argv);
}
