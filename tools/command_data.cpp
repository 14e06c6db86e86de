// ffwd data: which data sets are here, and fetching those that are not.
#include <cstdio>

#include "host/basics/errors.h"
#include "host/data/data_fetch.h"
#include "host/data/load_dataset.h"
#include "tools/commands.h"
#include "tools/interrupt.h"
#include "tools/options.h"

namespace ffwd {
namespace {

struct FetchCommand {
  std::string name, data_dir, mirror;
};

std::string names_of_data_sets() {
  std::string names;
  for (const CatalogEntry& entry : data_catalog()) {
    names += (names.empty() ? "" : ", ") + entry.name;
  }
  return names;
}

void list_data(const std::string& data_dir) {
  for (const CatalogEntry& entry : data_catalog()) {
    const auto folder = find_dataset(entry.name, data_dir);
    std::printf("%-14s %lldx%lldx%lld, %zu classes: %s\n", entry.name.c_str(),
                (long long)entry.format.image.height, (long long)entry.format.image.width,
                (long long)entry.format.image.channels, entry.format.class_names.size(),
                folder ? folder->c_str() : ("not found; ffwd data fetch " + entry.name).c_str());
  }
}

void fetch_data(const FetchCommand& command) {
  const std::string place = command.data_dir.empty() ? user_data_folder() : command.data_dir;
  if (place.empty())
    throw UserError(ExitCode::usage, "neither HOME nor --data-dir says where to put data");
  catch_interrupts();
  std::string file;
  const std::string folder =
      fetch_dataset(command.name, place, command.mirror, [&](const FetchProgress& progress) {
        if (file != progress.file) std::printf("%s\n", (file = progress.file).c_str());
        std::fflush(stdout);
        return !interrupted();
      });
  std::printf("%s is in %s\n", command.name.c_str(), folder.c_str());
}

}  // namespace

void declare_data(CLI::App& app) {
  CLI::App* data = app.add_subcommand("data", "List data sets or fetch one");
  data->require_subcommand(1);

  const auto list_dir = std::make_shared<std::string>();
  CLI::App* list = data->add_subcommand("list", "Show which data sets are here");
  add_data_dir(*list, *list_dir);
  list->callback([list_dir] { list_data(*list_dir); });

  const auto line = std::make_shared<FetchCommand>();
  CLI::App* fetch = data->add_subcommand("fetch", "Download a data set and check its SHA-256");
  fetch->add_option("name", line->name, "one of " + names_of_data_sets())->required();
  fetch->add_option("--data-dir", line->data_dir, "where to put it; the user's cache if absent");
  fetch->add_option("--mirror", line->mirror,
                    "URL of a folder to fetch from instead of the official ones");
  fetch->callback([line] { fetch_data(*line); });
}

}  // namespace ffwd
