// What a document states beside what its recipes measured here, as text and as a page.
#pragma once

#include <string>
#include <vector>

#include "host/reproduction/reproduction.h"

namespace ffwd {

struct Reproduction {
  std::string name;  // of the document's folder of recipes
  // Rows ran with fewer images or steps, or narrower layers; every table says so.
  bool quick = false;
  std::vector<std::string> overrides;  // section.key=value, of every row; the report names them
  std::vector<ReproductionRow> rows;
};

// Accuracies by data set, losses of the layers, and what was run, as Markdown.
std::string reproduction_markdown(const Reproduction& reproduction);

// The same with the curves of every row. Reports of runs are linked to as ROW/report.html.
std::string reproduction_page(const Reproduction& reproduction);

}  // namespace ffwd
