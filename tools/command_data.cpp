// ffwd data: which data sets are here, and fetching those that are not.
#include <cstdio>

#include "host/basics/errors.h"
#include "host/data/data_fetch.h"
#include "host/data/load_dataset.h"
#include "tools/commands.h"
#include "tools/interrupt.h"

namespace ffwd {

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

}  // namespace ffwd
