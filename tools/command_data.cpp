// ffwd data: which data sets are here, and fetching those that are not.
#include <cstdio>

#include "host/data_fetch.h"
#include "host/errors.h"
#include "host/load_dataset.h"
#include "tools/commands.h"
#include "tools/interrupt.h"

namespace ffwd {
namespace {

void list(const std::string& data_dir) {
  for (const CatalogEntry& entry : data_catalog()) {
    const auto folder = find_dataset(entry.name, data_dir);
    std::printf("%-14s %lldx%lldx%lld, %zu classes: %s\n", entry.name.c_str(), (long long)entry.height,
                (long long)entry.width, (long long)entry.channels, entry.class_names.size(),
                folder ? folder->c_str() : ("not found; ffwd data fetch " + entry.name).c_str());
  }
}

void fetch(const std::string& name, const std::string& data_dir, const std::string& mirror) {
  const std::string place = data_dir.empty() ? user_data_folder() : data_dir;
  if (place.empty()) throw UserError(ExitCode::usage, "neither HOME nor --data-dir says where to put data");
  catch_interrupts();
  std::string file;
  const std::string folder = fetch_dataset(name, place, mirror, [&](const FetchProgress& progress) {
    if (file != progress.file) std::printf("%s\n", (file = progress.file).c_str());
    std::fflush(stdout);
    return !interrupted();
  });
  std::printf("%s is in %s\n", name.c_str(), folder.c_str());
}

}  // namespace

void add_data(CLI::App& app) {
  struct Options {
    std::string name, data_dir, mirror;
  };
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("data", "List data sets or fetch one");
  command->require_subcommand(1);

  CLI::App* list_command = command->add_subcommand("list", "Show which data sets are here");
  list_command->add_option("--data-dir", options->data_dir, "where to look first");
  list_command->callback([options] { list(options->data_dir); });

  CLI::App* fetch_command = command->add_subcommand("fetch", "Download a data set and check its SHA-256");
  fetch_command->add_option("name", options->name, "mnist, fashion-mnist or cifar10")->required();
  fetch_command->add_option("--data-dir", options->data_dir, "where to put it; the user's cache if absent");
  fetch_command->add_option("--mirror", options->mirror, "URL of a folder to fetch from instead of the official ones");
  fetch_command->callback([options] { fetch(options->name, options->data_dir, options->mirror); });
}

}  // namespace ffwd
