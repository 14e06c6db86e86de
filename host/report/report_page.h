// The frame of a report: the HTML around its content, and the style sheet.
#pragma once

#include <string>

namespace ffwd {

// A whole page that needs nothing from elsewhere and follows the reader's light or dark setting.
// `title` is plain text, `body` is HTML.
std::string report_page(const std::string& title, const std::string& body);

}  // namespace ffwd
