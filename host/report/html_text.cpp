#include "host/report/html_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace ffwd {
namespace {

using nlohmann::json;

const char kReplacement[] = "\uFFFD";

// The JSON library checks UTF-8 when it writes, so a round trip through it mends a string.
std::string valid_utf8(const std::string& text) {
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace))
      .get<std::string>();
}

}  // namespace

std::string html_escape(const std::string& text) {
  std::string html;
  for (const char c : valid_utf8(text)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '&') {
      html += "&amp;";
    } else if (c == '<') {
      html += "&lt;";
    } else if (c == '>') {
      html += "&gt;";
    } else if (c == '"') {
      html += "&quot;";
    } else if (c == '\'') {
      html += "&#39;";
    } else if ((code < 0x20 && c != '\n' && c != '\t') || code == 0x7f) {
      html += kReplacement;
    } else {
      html += c;
    }
  }
  return html;
}

std::string png_data_uri(const std::vector<uint8_t>& png) {
  static const char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string uri = "data:image/png;base64,";
  for (size_t i = 0; i < png.size(); i += 3) {  // three bytes make four digits
    const size_t have = std::min<size_t>(3, png.size() - i);
    uint32_t bits = 0;
    for (size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < have ? png[i + k] : 0);
    for (size_t k = 0; k < 4; ++k) uri += k <= have ? kDigits[bits >> (18 - 6 * k) & 63] : '=';
  }
  return uri;
}

}  // namespace ffwd
