#include "host/data/download.h"

#include <curl/curl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "host/basics/errors.h"

namespace ffwd {
namespace {

constexpr long kPartOfFile = 206, kNothingMore = 416;  // HTTP status
constexpr long kConnectSeconds = 20, kSilentSeconds = 60;

// What curl's callbacks share. They are called from C, so they note what went wrong and stop.
struct Transfer {
  CURL* curl = nullptr;
  FILE* file = nullptr;
  std::string name;
  uint64_t on_disk = 0, max_bytes = 0;
  uint64_t resumed_at = 0;  // bytes that were there before
  bool started = false, too_long = false, stopped = false;
  int write_error = 0;
  const OnFetchProgress* on_progress = nullptr;
};

// First bytes of an answer: if it is not the part that was asked for, it is the whole file.
bool start(Transfer& transfer) {
  transfer.started = true;
  long status = 0;
  curl_easy_getinfo(transfer.curl, CURLINFO_RESPONSE_CODE, &status);
  if (status == kPartOfFile) return true;
  transfer.on_disk = transfer.resumed_at = 0;
  return ftruncate(fileno(transfer.file), 0) == 0;
}

size_t on_data(char* data, size_t, size_t bytes, void* context) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  if (!transfer.started && !start(transfer)) {
    transfer.write_error = errno;
    return 0;
  }
  if (transfer.on_disk + bytes > transfer.max_bytes) {
    transfer.too_long = true;
    return 0;
  }
  const size_t written = std::fwrite(data, 1, bytes, transfer.file);
  if (written < bytes) transfer.write_error = errno;
  transfer.on_disk += written;
  return written;
}

int on_tick(void* context, curl_off_t total, curl_off_t, curl_off_t, curl_off_t) {
  Transfer& transfer = *static_cast<Transfer*>(context);
  if (!*transfer.on_progress) return 0;
  FetchProgress progress;
  progress.file = transfer.name;
  progress.done = transfer.on_disk;
  if (total > 0) progress.total = transfer.resumed_at + static_cast<uint64_t>(total);
  transfer.stopped = !(*transfer.on_progress)(progress);
  return transfer.stopped ? 1 : 0;
}

void set_options(CURL* curl, const std::string& url, Transfer& transfer, char* reason) {
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, 5L);
  curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_USERAGENT, "ffwd");
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, kConnectSeconds);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, kSilentSeconds);
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, reason);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_data);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &transfer);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_tick);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &transfer);
  if (transfer.on_disk > 0) {
    const std::string rest = std::to_string(transfer.on_disk) + "-";
    curl_easy_setopt(curl, CURLOPT_RANGE, rest.c_str());  // curl keeps a copy
  }
}

[[noreturn]] void cannot_write(const std::string& path, int error) {
  throw FileError(path + ": cannot be written: " + std::strerror(error));
}

}  // namespace

void download(const std::string& url, const std::string& path, uint64_t max_bytes,
              const OnFetchProgress& on_progress) {
  static const bool curl_ready = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
  const std::unique_ptr<CURL, void (*)(CURL*)> curl(curl_easy_init(), curl_easy_cleanup);
  FFWD_EXPECT(curl_ready && curl != nullptr, "libcurl must start");

  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "ab"), std::fclose);
  if (!file) cannot_write(path, errno);
  std::fseek(file.get(), 0, SEEK_END);

  Transfer transfer;
  transfer.curl = curl.get();
  transfer.file = file.get();
  transfer.name = url.substr(url.rfind('/') + 1);
  transfer.on_disk = transfer.resumed_at = static_cast<uint64_t>(std::ftell(file.get()));
  transfer.max_bytes = max_bytes;
  transfer.on_progress = &on_progress;
  char reason[CURL_ERROR_SIZE] = "";
  set_options(curl.get(), url, transfer, reason);

  const CURLcode result = curl_easy_perform(curl.get());
  long status = 0;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
  if (std::fclose(file.release()) != 0 && transfer.write_error == 0) transfer.write_error = errno;

  if (transfer.write_error != 0) cannot_write(path, transfer.write_error);
  if (transfer.stopped) throw UserError(ExitCode::interrupted, "stopped while fetching " + url);
  if (transfer.too_long) {
    throw DataError("sends more than the expected " + std::to_string(max_bytes) + " bytes");
  }
  if (status == kNothingMore && transfer.resumed_at > 0) return;
  if (result != CURLE_OK) throw DataError(*reason ? reason : curl_easy_strerror(result));
}

}  // namespace ffwd
