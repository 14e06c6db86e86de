// A web server for tests: one thread, one connection at a time, on a free port of 127.0.0.1.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kernels/check.h"

namespace ffwd::test {

class HttpServer {
 public:
  struct Page {
    std::string content;
    bool knows_ranges = true;
    size_t hangs_up_after = std::numeric_limits<size_t>::max();  // bytes of the body
    std::string redirect = "";                                   // to this URL
  };
  struct Request {
    std::string path;
    std::string range;  // "bytes=7-", or empty
  };

  HttpServer() : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    socklen_t size = sizeof address;
    const bool listening = bind(listener_, generic, size) == 0 && listen(listener_, 8) == 0 &&
                           getsockname(listener_, generic, &size) == 0;
    FFWD_EXPECT(listening, "a socket of 127.0.0.1 must be free to listen on");
    url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
    thread_ = std::thread([this] { serve(); });
  }
  ~HttpServer() {
    shutdown(listener_, SHUT_RDWR);  // accept returns
    thread_.join();
    close(listener_);
  }
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  const std::string& url() const { return url_; }  // ends in '/'

  void put(const std::string& name, Page page) {
    const std::lock_guard lock(mutex_);
    pages_["/" + name] = std::move(page);
  }

  // What was asked for since the last call.
  std::vector<Request> take_requests() {
    const std::lock_guard lock(mutex_);
    return std::exchange(requests_, {});
  }

 private:
  void serve() {
    while (true) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      std::string text;
      char buffer[4096];
      while (text.find("\r\n\r\n") == std::string::npos) {
        const ssize_t got = recv(connection, buffer, sizeof buffer, 0);
        if (got <= 0) break;
        text.append(buffer, static_cast<size_t>(got));
      }
      send_all(connection, answer(parse(text)));
      close(connection);
    }
  }

  static Request parse(const std::string& text) {
    const size_t path = text.find(' ') + 1;
    Request request{text.substr(path, text.find(' ', path) - path), ""};
    const size_t range = text.find("Range: ");
    if (range != std::string::npos) {
      request.range = text.substr(range + 7, text.find('\r', range) - range - 7);
    }
    return request;
  }

  std::string answer(const Request& request) {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request);
    const auto found = pages_.find(request.path);
    if (found == pages_.end()) return head("404 Not Found", 4) + "none";
    const Page& page = found->second;
    if (!page.redirect.empty()) return head("302 Found", 0, "Location: " + page.redirect + "\r\n");
    if (request.range.empty() || !page.knows_ranges) {
      return head("200 OK", page.content.size()) + page.content.substr(0, page.hangs_up_after);
    }
    const size_t from = std::stoul(request.range.substr(6));
    if (from >= page.content.size()) return head("416 Range Not Satisfiable", 0);
    const std::string rest = page.content.substr(from);
    return head("206 Partial Content", rest.size()) + rest.substr(0, page.hangs_up_after);
  }

  static std::string head(const std::string& status, size_t bytes, const std::string& more = "") {
    return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(bytes) + "\r\n" + more +
           "Connection: close\r\n\r\n";
  }

  static void send_all(int connection, const std::string& text) {
    for (size_t at = 0; at < text.size();) {
      const ssize_t sent = send(connection, text.data() + at, text.size() - at, MSG_NOSIGNAL);
      if (sent <= 0) return;
      at += static_cast<size_t>(sent);
    }
  }

  int listener_;
  std::string url_;
  std::thread thread_;
  std::mutex mutex_;
  std::map<std::string, Page> pages_;
  std::vector<Request> requests_;
};

}  // namespace ffwd::test
