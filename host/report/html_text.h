// Foreign text and images, made safe to stand in an HTML page.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ffwd {

// `text` so that a page shows it as it is, in an element or a quoted attribute. Bytes that are not
// UTF-8 and control characters become U+FFFD.
std::string html_escape(const std::string& text);

// A PNG as an address that carries the image itself.
std::string png_data_uri(const std::vector<uint8_t>& png);

}  // namespace ffwd
